// Runs in: sallyport.
#include "gateway/console/command_line.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <utility>

namespace sallyport {

Argument Argument::required() const { return Argument{*option_->required()}; }
Argument Argument::shows_default() const { return Argument{*option_->capture_default_str()}; }
Argument Argument::separated_by_commas() const { return Argument{*option_->delimiter(',')}; }
Argument Argument::needs(Argument other) const { return Argument{*option_->needs(other.option_)}; }
Argument Argument::excludes(Argument other) const { return Argument{*option_->excludes(other.option_)}; }
Argument Argument::between(std::uint32_t least, std::uint32_t most) const {
  return Argument{*option_->check(CLI::Range(least, most))};
}
Argument Argument::between(double least, double most) const {
  return Argument{*option_->check(CLI::Range(least, most))};
}
Argument Argument::one_of(const std::vector<std::string>& texts) const {
  return Argument{*option_->check(CLI::IsMember(texts))};
}
bool Argument::is_given() const { return option_->count() > 0; }

Command Command::subcommand(const std::string& name, const std::string& description) const {
  auto* const child = app_->add_subcommand(name, description);
  child->group("Commands");  // else CLI11 gives it the parent's heading
  return Command{*child};
}
Command Command::needs_subcommand() const { return Command{*app_->require_subcommand(1)}; }
Command Command::heading(const std::string& text) const { return Command{*app_->group(text)}; }
Command Command::footer(const std::string& text) const { return Command{*app_->footer(text)}; }
Command Command::runs(std::function<void()> body) const { return Command{*app_->callback(std::move(body))}; }

Argument Command::option(const std::string& name, std::string& into, const std::string& description) const {
  return Argument{*app_->add_option(name, into, description)};
}
Argument Command::option(const std::string& name, std::vector<std::string>& into,
                         const std::string& description) const {
  return Argument{*app_->add_option(name, into, description)};
}
Argument Command::option(const std::string& name, std::filesystem::path& into,
                         const std::string& description) const {
  return Argument{*app_->add_option(name, into, description)};
}
Argument Command::option(const std::string& name, std::uint16_t& into, const std::string& description) const {
  return Argument{*app_->add_option(name, into, description)};
}
Argument Command::option(const std::string& name, std::uint32_t& into, const std::string& description) const {
  return Argument{*app_->add_option(name, into, description)};
}
Argument Command::option(const std::string& name, std::size_t& into, const std::string& description) const {
  return Argument{*app_->add_option(name, into, description)};
}
Argument Command::option(const std::string& name, double& into, const std::string& description) const {
  return Argument{*app_->add_option(name, into, description)};
}
Argument Command::option(const std::string& name, std::function<void(const std::string&)> take,
                         const std::string& description) const {
  return Argument{*app_->add_option_function<std::string>(name, std::move(take), description)};
}
Argument Command::flag(const std::string& name, bool& into, const std::string& description) const {
  return Argument{*app_->add_flag(name, into, description)};
}

namespace {

// The program and the commands that were typed behind it, as far as they are known.
std::string typed_command(const CLI::App& program) {
  std::string command = program.get_name();
  for (auto typed = program.get_subcommands(); !typed.empty(); typed = typed.front()->get_subcommands())
    command += " " + typed.front()->get_name();
  return command;
}

WrongUsage wrong_usage(const CLI::App& program, const CLI::ParseError& error) {
  // What nobody knows is the better reason than what is missing because of it.
  const auto unknown = program.remaining(true);
  std::string problem = unknown.empty() ? error.what() : "'" + unknown.front() + "' is not known here";
  std::replace(problem.begin(), problem.end(), '\n', ' ');  // one line, whatever CLI11 wrote
  return {std::move(problem), typed_command(program)};
}

}  // namespace

CommandLine::CommandLine(const std::string& program, const std::string& description)
    : Command(*new CLI::App{description, program}), owned_(app_) {
  app_->fallthrough();  // so that the program's own options may stand behind a command, too
}
CommandLine::~CommandLine() = default;

void CommandLine::help_text(const std::string& description) { app_->set_help_flag("-h,--help", description); }
void CommandLine::version(const std::string& text) { app_->set_version_flag("--version", text); }

tl::expected<void, WrongUsage> CommandLine::run(int argc, const char* const* argv) {
  try {
    app_->parse(argc, argv);
  } catch (const CLI::Success& asked) {  // --help, --version: prints them
    app_->exit(asked);
  } catch (const CLI::ParseError& error) {
    return tl::unexpected{wrong_usage(*app_, error)};
  }
  return {};
}

}  // namespace sallyport
