// sallyport audit …: reads the journal's files itself, as whoever runs it. Runs in: sallyport.
#pragma once

#include "gateway/console/command_line.h"
#include "gateway/console/context.h"

namespace sallyport {

void add_audit_commands(const Command& app, ConsoleContext& context);

void add_list_command(const Command& audit, ConsoleContext& context);
void add_grep_command(const Command& audit, ConsoleContext& context);
void add_report_command(const Command& audit, ConsoleContext& context);
void add_sending_command(const Command& audit, ConsoleContext& context);
void add_schema_command(const Command& audit, ConsoleContext& context);
void add_keep_command(const Command& audit, ConsoleContext& context);
void add_bundle_commands(const Command& audit, ConsoleContext& context);

}  // namespace sallyport
