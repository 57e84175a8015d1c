// sallyport replay: plays what was seen on a terminal. Runs in: sallyport.
#pragma once

#include "gateway/console/context.h"

namespace sallyport {

void add_replay_command(CLI::App& app, ConsoleContext& context);

}  // namespace sallyport
