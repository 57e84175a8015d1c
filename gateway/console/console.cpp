// Runs in: sallyport.
#include "gateway/console/console.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>

#include "base/escape.h"
#include "gateway/console/audit_commands.h"
#include "gateway/console/commands.h"
#include "gateway/console/output.h"
#include "gateway/console/replay_command.h"

namespace sallyport {

namespace {

void add_global_options(CLI::App& app, ConsoleContext& context) {
  app.fallthrough();  // so that they may stand behind the command, too
  app.set_version_flag("--version", "sallyport " SALLYPORT_VERSION);
  app.set_help_flag("-h,--help", "this text; behind a command, about the command");
  app.add_flag("--json", context.json, "one JSON document instead of text");
  app.add_option("--socket", context.socket, "the gate's control socket")->capture_default_str();
  app.add_option("--config", context.config, "folder of the configuration")->capture_default_str();
  app.add_option("--state", context.state, "folder of the journal and the recordings")->capture_default_str();
}

void add_commands(CLI::App& app, ConsoleContext& context) {
  add_grant_commands(app, context);
  add_status_command(app, context);
  add_watch_command(app, context);
  add_audit_commands(app, context);
  add_replay_command(app, context);
  add_rep_commands(app, context);
  add_target_commands(app, context);
  add_check_command(app, context);
  add_doctor_command(app, context);
  app.get_subcommand("audit")->footer("Example:\n  sallyport audit verify");
  // CLI11 gives children the parent's heading.
  for (const auto* name : {"audit", "rep", "target"})
    for (auto* child : app.get_subcommand(name)->get_subcommands([](const CLI::App*) { return true; }))
      child->group("Commands");
  app.require_subcommand(1);
}

// One line, whatever CLI11 wrote, and where help is.
int wrong_usage(const CLI::App& app, const CLI::ParseError& error) {
  // What nobody knows is the better reason than what is missing because of it.
  const auto unknown = app.remaining(true);
  std::string what = unknown.empty() ? error.what() : "'" + unknown.front() + "' is not known here";
  std::replace(what.begin(), what.end(), '\n', ' ');
  std::string command = "sallyport";
  const CLI::App* at = &app;
  while (!at->get_subcommands().empty()) {
    at = at->get_subcommands().front();
    command += " " + at->get_name();
  }
  std::cerr << "sallyport: " << escape_terminal(what) << " (see: " << command << " --help)" << std::endl;
  return exit_code::wrong_usage;
}

// Colours only for a person who looks, and wants them (no-color.org).
bool is_colored() {
  const char* const no_color = std::getenv("NO_COLOR");
  return isatty(STDOUT_FILENO) == 1 && (no_color == nullptr || *no_color == '\0');
}

int parse_and_run(CLI::App& app, ConsoleContext& context, int argc, char** argv) {
  try {
    app.parse(argc, argv);
    return context.exit_code;
  } catch (const CLI::Success& asked) {  // --help, --version
    return app.exit(asked);
  } catch (const CLI::ParseError& error) {
    return wrong_usage(app, error);
  } catch (const std::exception& error) {
    // Of a library, e.g. about an answer of another shape than this version knows.
    report(context, Error{error.what()});
    return context.exit_code;
  }
}

}  // namespace

int run_console(int argc, char** argv) {
  ConsoleContext context;
  context.color = is_colored();
  CLI::App app{
      "Sallyport: one-time inbound service sessions. Everything is closed but what is enabled here,\n"
      "for one rep, one target, one use, until its time is over.",
      "sallyport"};
  add_global_options(app, context);
  add_commands(app, context);
  app.footer(
      "Example:\n  sallyport enable --rep kim --target hmc1 --policy hmc-ssh --from 203.0.113.0/24\n"
      "Exit codes: 0 done, 1 refused, 2 wrong usage, 3 sallyportd not reachable.");
  return parse_and_run(app, context, argc, argv);
}

}  // namespace sallyport
