// sallyport audit list|show|verify: reads the journal's files itself, as whoever runs it. Runs in: sallyport.
#pragma once

#include "gateway/console/command_line.h"
#include "gateway/console/context.h"

namespace sallyport {

void add_audit_commands(const Command& app, ConsoleContext& context);

}  // namespace sallyport
