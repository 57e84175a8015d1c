// sallyport replay: plays what was seen on a terminal. Runs in: sallyport.
#pragma once

#include "gateway/console/command_line.h"
#include "gateway/console/context.h"

namespace sallyport {

void add_replay_command(const Command& app, ConsoleContext& context);

}  // namespace sallyport
