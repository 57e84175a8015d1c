// The command groups of the console; each adds its subcommands to the program. Runs in: sallyport.
#pragma once

#include "gateway/console/command_line.h"
#include "gateway/console/context.h"

namespace sallyport {

void add_grant_commands(const Command& app, ConsoleContext& context);  // enable, list, show, revoke, pause, …
void add_status_command(const Command& app, ConsoleContext& context);
void add_firewall_commands(const Command& app, ConsoleContext& context);  // firewall show
void add_watch_command(const Command& app, ConsoleContext& context);
void add_rep_commands(const Command& app, ConsoleContext& context);     // rep add, list, remove, enroll
void add_target_commands(const Command& app, ConsoleContext& context);  // target add, list, scan
void add_setup_command(const Command& app, ConsoleContext& context);
void add_check_command(const Command& app, ConsoleContext& context);
void add_doctor_command(const Command& app, ConsoleContext& context);
void add_self_commands(const CommandLine& app, ConsoleContext& context);  // for packagers and shells

// The headings of `sallyport --help`.
namespace group {
inline constexpr const char* sessions = "One-time sessions";
inline constexpr const char* review = "Review";
inline constexpr const char* setup = "Setup";
}  // namespace group

}  // namespace sallyport
