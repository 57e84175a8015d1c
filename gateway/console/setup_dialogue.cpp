// Runs in: sallyport.
#include "gateway/console/setup_dialogue.h"

#include <fmt/format.h>

#include <iostream>

namespace sallyport {

namespace {

// "'addresses' in [target]"
std::string place_of(const Question& asked) {
  const std::string_view table = asked.table;
  return fmt::format("'{}'{}", asked.key, table.empty() ? "" : fmt::format(" in [{}]", table));
}

// Until one can be used; an empty line is what is usual.
Done ask_person(Answers& answers, const Wanted& wanted) {
  const auto& asked = question(wanted.topic);
  for (;;) {
    std::cerr << asked.about << (wanted.usual.empty() ? "" : " [" + wanted.usual + "]") << ": " << std::flush;
    std::string line;
    if (!std::getline(std::cin, line))
      return fail("no more answers; what was said above is done, nothing else");
    if (line.empty()) line = wanted.usual;
    if (line.empty() && wanted.need == Need::optional) return {};
    const auto done = answers.set(wanted.topic, line);
    if (done && answers.has(wanted.topic)) return {};
    std::cerr << "  " << (done ? "an answer is needed" : done.error().message()) << std::endl;
  }
}

Done take_usual(Answers& answers, const Wanted& wanted) {
  if (!wanted.usual.empty()) return answers.set(wanted.topic, wanted.usual);
  if (wanted.need == Need::optional) return {};
  const auto& asked = question(wanted.topic);
  return fail("one answer is missing, {} ({}, or {} in the file of answers)", asked.about, asked.flag,
              place_of(asked));
}

}  // namespace

Done complete(Answers& answers, const std::vector<Wanted>& wanted, Respondent respondent) {
  for (const auto& one : wanted) {
    if (answers.has(one.topic)) continue;
    RETURN_IF_ERROR(respondent == Respondent::person ? ask_person(answers, one) : take_usual(answers, one));
  }
  return {};
}

}  // namespace sallyport
