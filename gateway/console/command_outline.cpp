// Runs in: sallyport.
#include "gateway/console/command_outline.h"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "gateway/console/command_line.h"

namespace sallyport {

namespace {

// "{prompt,key,password}" within CLI11's name of the type, of an option that has choices.
std::vector<std::string> choices_in(const std::string& type) {
  const auto begin = type.find('{'), end = type.rfind('}');
  if (begin == std::string::npos || end == std::string::npos || end < begin) return {};
  return CLI::detail::split(type.substr(begin + 1, end - begin - 1), ',');
}

ArgumentOutline outline_of(const CLI::Option& option) {
  ArgumentOutline outline;
  outline.by_place = option.get_positional();
  if (outline.by_place) {
    outline.names = {option.get_name(true)};
  } else {
    for (const auto& name : option.get_lnames()) outline.names.push_back("--" + name);
    for (const auto& name : option.get_snames()) outline.names.push_back("-" + name);
  }
  outline.description = option.get_description();
  outline.usual = option.get_default_str();
  outline.required = option.get_required();
  outline.several = option.get_items_expected_max() > 1;
  if (const auto type = option.get_type_name(); option.get_items_expected_max() > 0) {
    outline.choices = choices_in(type);
    if (!outline.by_place) outline.value = type.substr(0, type.find_first_of(":{ "));
  }
  return outline;
}

CommandOutline outline_of(const CLI::App& app) {
  CommandOutline outline{app.get_name(), app.get_description(), app.get_group(), app.get_footer(), {}, {}};
  for (const auto* const option : app.get_options([](const CLI::Option*) { return true; }))
    outline.arguments.push_back(outline_of(*option));
  for (const auto* const child : app.get_subcommands([](const CLI::App*) { return true; }))
    if (!child->get_group().empty()) outline.commands.push_back(outline_of(*child));
  return outline;
}

}  // namespace

const CommandOutline* CommandOutline::command(const std::string& wanted) const {
  const auto at = std::ranges::find(commands, wanted, &CommandOutline::name);
  return at == commands.end() ? nullptr : &*at;
}

const ArgumentOutline* CommandOutline::option(const std::string& wanted) const {
  const auto at = std::ranges::find_if(arguments, [&](const ArgumentOutline& argument) {
    return !argument.by_place && std::ranges::find(argument.names, wanted) != argument.names.end();
  });
  return at == arguments.end() ? nullptr : &*at;
}

CommandOutline CommandLine::outline() const { return outline_of(*app_); }

}  // namespace sallyport
