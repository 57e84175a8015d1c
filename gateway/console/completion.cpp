// Runs in: sallyport.
#include "gateway/console/completion.h"

#include <algorithm>
#include <optional>

namespace sallyport {

namespace {

// Where in the command line the word stands that is being typed.
struct Place {
  const CommandOutline* command;              // the innermost command that was typed
  std::string group;                          // the one around it, e.g. "rep" of "rep enroll"
  const ArgumentOutline* value_of = nullptr;  // the option whose value is being typed
  std::vector<const ArgumentOutline*> given;  // options that are there already
  std::size_t taken = 0;                      // words that were taken by their place
};

bool is_option(const std::string& word) { return word.size() > 1 && word.front() == '-'; }

const ArgumentOutline* option_anywhere(const CommandOutline& program, const CommandOutline& command,
                                       const std::string& name) {
  const auto* const own = command.option(name);
  return own != nullptr ? own : program.option(name);
}

Place place_of(const CommandOutline& program, const std::vector<std::string>& words) {
  Place place{&program, {}, nullptr, {}, 0};
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    const auto& word = words[i];
    if (place.value_of != nullptr) {
      place.value_of = nullptr;
    } else if (is_option(word)) {
      const auto* const option = option_anywhere(program, *place.command, word);
      if (option == nullptr) continue;
      place.given.push_back(option);
      if (!option->value.empty()) place.value_of = option;
    } else if (const auto* const command = place.command->command(word)) {
      place.group = place.command == &program ? std::string{} : place.command->name;
      place.command = command;
    } else {
      ++place.taken;
    }
  }
  return place;
}

std::optional<Names> names_for(const Place& place, const std::string& argument) {
  if (argument == "--rep") return Names::reps;
  if (argument == "--target") return Names::targets;
  if (argument == "--policy") return Names::policies;
  if (argument == "--grant" || argument == "grant") return Names::grants;
  if (argument == "--session" || argument == "session") return Names::sessions;
  if (argument != "name" || place.command->name == "add") return std::nullopt;
  if (place.group == "rep") return Names::reps;
  if (place.group == "target") return Names::targets;
  if (place.group == "audit") return Names::grants;
  return std::nullopt;
}

std::vector<Candidate> values(const Place& place, const ArgumentOutline& argument, const NameSource& source) {
  std::vector<Candidate> found;
  for (const auto& choice : argument.choices) found.push_back({choice, {}});
  if (!found.empty()) return found;
  if (const auto names = names_for(place, argument.names.front()))
    for (auto& name : source(*names)) found.push_back({std::move(name), {}});
  return found;
}

const ArgumentOutline* next_by_place(const Place& place) {
  std::size_t number = 0;
  for (const auto& argument : place.command->arguments)
    if (argument.by_place && number++ == place.taken) return &argument;
  return nullptr;
}

void add_options(const CommandOutline& command, const Place& place, std::vector<Candidate>& found) {
  for (const auto& argument : command.arguments)
    if (!argument.by_place && std::ranges::find(place.given, &argument) == place.given.end())
      found.push_back({argument.names.front(), argument.description});
}

}  // namespace

std::vector<Candidate> candidates(const CommandOutline& program, const std::vector<std::string>& words,
                                  const NameSource& source) {
  const auto place = place_of(program, words);
  if (place.value_of != nullptr) return values(place, *place.value_of, source);
  std::vector<Candidate> found;
  if (!words.empty() && is_option(words.back() + " ")) {
    add_options(*place.command, place, found);
    if (place.command != &program) add_options(program, place, found);
    return found;
  }
  for (const auto& command : place.command->commands) found.push_back({command.name, command.description});
  if (const auto* const argument = next_by_place(place)) return values(place, *argument, source);
  if (found.empty()) add_options(*place.command, place, found);
  return found;
}

}  // namespace sallyport
