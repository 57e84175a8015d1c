// Runs in: sallyportd.
#include "auth/decoy.h"

#include <fmt/core.h>

#include "auth/ocra_mutual.h"
#include "auth/question.h"
#include "base/check.h"
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

std::string decoy_bytes(std::string_view name, std::string_view what, std::size_t size, const Secret& key) {
  std::string bytes;
  while (bytes.size() < size) {
    Sha256 draw;
    draw.update(key.reveal());
    draw.update(fmt::format("{} {} {} {} ", bytes.size(), what.size(), what, name.size()));
    draw.update(name);
    bytes += bytes_of(draw.finish());
  }
  bytes.resize(size);
  return bytes;
}

std::string decoy_answer(const OcraSuite& suite, Random& random) {
  std::vector<std::byte> bytes(32);
  random.fill(bytes);
  OcraInput input;
  input.question = draw_question(suite, random);
  if (suite.has_counter()) input.counter = 0;
  if (suite.time_step()) input.time_step = 0;
  if (const auto length = suite.session_length()) input.session_information = std::string(*length, '0');
  auto answer = gate_answer(suite, Secret{std::span<const std::byte>{bytes}}, input);
  our_bug(!answer, "a suite whose own question cannot be answered");
  return *std::move(answer);
}

}  // namespace sallyport
