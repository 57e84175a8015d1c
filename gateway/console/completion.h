// What a shell offers behind what was typed so far. Runs in: sallyport.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "gateway/console/command_outline.h"

namespace sallyport {

struct Candidate {
  std::string word;
  std::string description;  // may be empty
};

// Names that only the gate or its files know, by what they are names of.
enum class Names : std::uint8_t { reps, targets, policies, grants, sessions };
using NameSource = std::function<std::vector<std::string>(Names)>;

// `words`: what stands behind the program's name; the last one is what is being typed, and may be empty. The
// shell leaves out those that do not begin with it. Pure but for `source`, which is asked at most once.
std::vector<Candidate> candidates(const CommandOutline& program, const std::vector<std::string>& words,
                                  const NameSource& source);

}  // namespace sallyport
