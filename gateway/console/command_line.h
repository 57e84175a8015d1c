// CommandLine, Command, Argument: what the console needs of CLI11, and no more. CLI11's headers take a
// compiler longer than a whole command of ours, so only command_line.cpp includes them. Runs in: sallyport.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "gateway/console/command_outline.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace sallyport {

// A name, option or flag of a command; lives as long as the CommandLine. What it was given stands, after
// parsing, in the variable that the command was told to put it into.
class Argument {
 public:
  Argument required() const;
  Argument shows_default() const;        // --help names the variable's value of now
  Argument separated_by_commas() const;  // several values in one text
  Argument needs(Argument other) const;
  Argument excludes(Argument other) const;
  Argument between(std::uint32_t least, std::uint32_t most) const;
  Argument between(double least, double most) const;
  Argument one_of(const std::vector<std::string>& texts) const;
  bool is_given() const;

 private:
  friend class Command;
  explicit Argument(CLI::Option& option) noexcept : option_(&option) {}
  CLI::Option* option_;
};

// A command or a group of commands; lives as long as the CommandLine.
class Command {
 public:
  Command subcommand(const std::string& name, const std::string& description) const;
  Command needs_subcommand() const;
  Command heading(const std::string& text) const;  // under which the parent's --help lists it
  Command footer(const std::string& text) const;   // the last lines of its own --help
  Command runs(std::function<void()> body) const;  // once the whole command line was taken

  // "name" is taken by its place, "--name" or "--name,-n" by what stands before it. `into` must outlive the
  // parse.
  Argument option(const std::string& name, std::string& into, const std::string& description) const;
  Argument option(const std::string& name, std::vector<std::string>& into,
                  const std::string& description) const;
  Argument option(const std::string& name, std::filesystem::path& into, const std::string& description) const;
  Argument option(const std::string& name, std::uint16_t& into, const std::string& description) const;
  Argument option(const std::string& name, std::uint32_t& into, const std::string& description) const;
  Argument option(const std::string& name, std::size_t& into, const std::string& description) const;
  Argument option(const std::string& name, double& into, const std::string& description) const;
  Argument option(const std::string& name, std::function<void(const std::string&)> take,
                  const std::string& description) const;
  Argument flag(const std::string& name, bool& into, const std::string& description) const;

 protected:
  explicit Command(CLI::App& app) noexcept : app_(&app) {}
  CLI::App* app_;
};

// Why a command line was not taken.
struct WrongUsage {
  std::string problem;  // one line, not escaped
  std::string command;  // whose --help tells more, e.g. "sallyport audit list"
};

// The program itself: the top of its commands, and their owner.
class CommandLine : public Command {
 public:
  CommandLine(const std::string& program, const std::string& description);
  CommandLine(const CommandLine&) = delete;
  CommandLine& operator=(const CommandLine&) = delete;
  ~CommandLine();

  void help_text(const std::string& description);  // of --help itself
  void version(const std::string& text);           // what --version prints

  // Everything of it but the commands without a heading, which are not for people.
  CommandOutline outline() const;

  // Runs the command that was typed, or prints what --help or --version ask for. What a command's body throws
  // comes through.
  tl::expected<void, WrongUsage> run(int argc, const char* const* argv);

 private:
  std::unique_ptr<CLI::App> owned_;
};

}  // namespace sallyport
