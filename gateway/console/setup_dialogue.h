// Where the answers come from that neither a flag nor a file gave: a person, or what is usual. Runs in:
// sallyport.
#pragma once

#include <string>
#include <vector>

#include "gateway/console/setup_answers.h"

namespace sallyport {

enum class Need : std::uint8_t { required, optional };

struct Wanted {
  Topic topic;
  Need need = Need::required;
  std::string usual = question(topic).usual;
};

// Whom to ask: the person at the terminal, with questions on standard error, or nobody.
enum class Respondent : std::uint8_t { person, nobody };

// Puts an answer to each of `wanted` into `answers`. Error: one is required, and nobody gives it.
Done complete(Answers& answers, const std::vector<Wanted>& wanted, Respondent respondent);

}  // namespace sallyport
