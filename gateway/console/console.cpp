// Runs in: sallyport.
#include "gateway/console/console.h"

#include <unistd.h>

#include <cstdlib>
#include <exception>
#include <iostream>

#include "base/escape.h"
#include "gateway/console/audit_commands.h"
#include "gateway/console/command_line.h"
#include "gateway/console/commands.h"
#include "gateway/console/output.h"
#include "gateway/console/replay_command.h"
#include "gateway/version/version.h"

namespace sallyport {

namespace {

void add_global_options(CommandLine& line, ConsoleContext& context) {
  line.version(fmt::format("{}\nbuilt with {}", version_text("sallyport"), kLibraries));
  line.help_text("this text; behind a command, about the command");
  line.flag("--json", context.json, "one JSON document instead of text");
  line.option("--socket", context.socket, "the gate's control socket").shows_default();
  line.option("--config", context.config, "folder of the configuration").shows_default();
  line.option("--state", context.state, "folder of the journal and the recordings").shows_default();
}

void add_commands(const CommandLine& program, ConsoleContext& context) {
  add_grant_commands(program, context);
  add_status_command(program, context);
  add_watch_command(program, context);
  add_audit_commands(program, context);
  add_firewall_commands(program, context);
  add_replay_command(program, context);
  add_rep_commands(program, context);
  add_target_commands(program, context);
  add_setup_command(program, context);
  add_check_command(program, context);
  add_doctor_command(program, context);
  add_self_commands(program, context);
  program.needs_subcommand();
}

// Colours only for a person who looks, and wants them (no-color.org).
bool is_colored() {
  const char* const no_color = std::getenv("NO_COLOR");
  return isatty(STDOUT_FILENO) == 1 && (no_color == nullptr || *no_color == '\0');
}

int wrong_usage(const WrongUsage& wrong) {
  std::cerr << "sallyport: " << escape_terminal(wrong.problem) << " (see: " << wrong.command << " --help)"
            << std::endl;
  return exit_code::wrong_usage;
}

int parse_and_run(CommandLine& line, ConsoleContext& context, int argc, char** argv) {
  try {
    if (const auto taken = line.run(argc, argv); !taken) return wrong_usage(taken.error());
  } catch (const std::exception& error) {
    // Of a library, e.g. about an answer of another shape than this version knows.
    report(context, Error{error.what()});
  }
  return context.exit_code;
}

}  // namespace

int run_console(int argc, char** argv) {
  ConsoleContext context;
  context.color = is_colored();
  CommandLine line{
      "sallyport",
      "Sallyport: one-time inbound service sessions. Everything is closed but what is enabled here,\n"
      "for one rep, one target, one use, until its time is over."};
  add_global_options(line, context);
  add_commands(line, context);
  line.footer(
      "Example:\n  sallyport enable --rep kim --target hmc1 --policy hmc-ssh --from 203.0.113.0/24\n"
      "Exit codes: 0 done, 1 refused, 2 wrong usage, 3 sallyportd not reachable.");
  return parse_and_run(line, context, argc, argv);
}

}  // namespace sallyport
