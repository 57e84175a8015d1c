// CommandOutline: a program's commands, options and their words, as data; from it come the manual and what a
// shell completes, so that neither can say anything else than --help. Pure. Runs in: sallyport.
#pragma once

#include <string>
#include <vector>

namespace sallyport {

struct ArgumentOutline {
  std::vector<std::string> names;    // "--json", "-a"; of one that is taken by its place: "grant"
  std::string description;           // one line
  std::string value;                 // what stands behind it: "TEXT"; empty: a flag, or taken by its place
  std::string usual;                 // its value when it is left out; may be empty
  std::vector<std::string> choices;  // all values it takes; empty: any
  bool required = false;
  bool by_place = false;
  bool several = false;
};

struct CommandOutline {
  std::string name;
  std::string description;
  std::string heading;  // under which the parent's --help lists it
  std::string footer;   // notes and examples
  std::vector<ArgumentOutline> arguments;
  std::vector<CommandOutline> commands;

  const CommandOutline* command(const std::string& name) const;
  const ArgumentOutline* option(const std::string& name) const;
};

}  // namespace sallyport
