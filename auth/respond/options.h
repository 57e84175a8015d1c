// What sallyport-respond was asked to do. Runs in: sallyport-respond (as the representative).
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "base/result.h"

namespace sallyport {

enum class Mode { respond, save, askpass, help };

struct Options {
  Mode mode = Mode::respond;
  std::optional<std::filesystem::path> secret_file;
  std::optional<std::string> suite;
  std::optional<std::uint64_t> counter;
  std::optional<std::string> session;
  std::optional<std::string> text;  // the challenge, or with askpass ssh's prompt
};

// Error: wrong usage, in one sentence.
Result<Options> parse_options(int count, char** arguments);

extern const char* const kHelp;

}  // namespace sallyport
