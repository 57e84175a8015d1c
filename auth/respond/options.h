// What sallyport-respond was asked to do. Runs in: sallyport-respond (as the representative).
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"

namespace sallyport {

enum class Mode { respond, show, askpass, command, save, list_gates, add_gate, forget_gate, help, version };

// What the challenge must name, as far as the representative said so.
struct Expectation {
  std::optional<std::string> gate, target, grant;
  std::optional<std::vector<std::string>> services;  // these and no others, in any order

  bool names_a_use() const { return target || grant; }
};

struct Options {
  Mode mode = Mode::respond;
  std::optional<std::string> text;  // the challenge; with askpass ssh's prompt
  Expectation expected;

  std::optional<std::filesystem::path> key;          // for signatures
  std::optional<std::filesystem::path> secret_file;  // for OCRA, as the next four
  std::optional<std::string> suite;
  std::optional<std::uint64_t> counter;
  std::optional<std::string> session;
  bool mutual = false;

  bool accept_new_gate = false;
  std::optional<std::filesystem::path> known_hosts;  // ssh's
  std::chrono::seconds clock_tolerance = std::chrono::minutes{5};
  std::optional<std::filesystem::path> ask_with;  // an askpass program, where there is no terminal
  bool json = false;

  std::string gate_name, gate_fingerprint;  // to add or forget
  char** command = nullptr;                 // to run, ended by a null pointer
  // The options that a prompt of that command is answered with: name and value of an environment variable.
  std::vector<std::pair<std::string, std::string>> inherited;
};

// Error: wrong usage, in one sentence. Started by ssh as its askpass program, what would be options comes
// from SALLYPORT_… variables, because ssh hands over nothing but its prompt.
Result<Options> parse_options(int count, char** arguments);

}  // namespace sallyport
