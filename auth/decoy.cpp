// Runs in: sallyportd.
#include "auth/decoy.h"

#include <fmt/core.h>

#include "base/sha256.h"

namespace sallyport {

// Rendezvous hashing: every rep draws a number for the name, and the highest one wins.
std::size_t decoy_for(std::string_view name, const Secret& key, const std::vector<std::string_view>& reps) {
  std::size_t winner = 0;
  std::string highest;
  for (std::size_t i = 0; i < reps.size(); ++i) {
    Sha256 draw;
    draw.update(key.reveal());
    draw.update(fmt::format("{} {} ", reps[i].size(), reps[i]));  // so that no two pairs are spelt alike
    draw.update(name);
    if (auto drawn = draw.hex(); drawn > highest) {
      highest = std::move(drawn);
      winner = i;
    }
  }
  return winner;
}

}  // namespace sallyport
