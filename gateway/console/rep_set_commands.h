// rep export, rep import. Runs in: sallyport.
#pragma once

#include "gateway/console/command_line.h"
#include "gateway/console/context.h"

namespace sallyport {

void add_rep_set_commands(const Command& reps, ConsoleContext& context);

}  // namespace sallyport
