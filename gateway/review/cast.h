// Cast: a recording in the asciicast v2 format (https://docs.asciinema.org/manual/asciicast/v2/).
// Runs in: sallyport.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "gateway/audit/json.h"
#include "gateway/review/recording_bytes.h"

namespace sallyport {

struct CastEvent {
  std::chrono::microseconds at{};  // since the start
  char kind = 'o';                 // o output, i input, r resize, m marker
  std::string data;
};

struct Cast {
  int columns = 0, rows = 0;
  nlohmann::json header;  // its scalar members
  std::vector<CastEvent> events;
  std::size_t bad_line = 0;  // the first that is no event, e.g. half written; what is before it is kept
};

Result<Cast> read_cast(const std::filesystem::path& path);
Result<Cast> read_cast(RecordingBytes bytes);
// The same from the text of a file.
Result<Cast> parse_cast(std::string_view text);

// One line behind the header; not before `earliest`. Nothing when it is no event; of kind '\0' when it is one
// of a later version of the format, to be skipped, as that asks.
std::optional<CastEvent> parse_event(std::string_view line, std::chrono::microseconds earliest);

// No pause longer than `most`, as asciinema's --idle-time-limit.
void shorten_pauses(Cast& cast, std::chrono::microseconds most);

}  // namespace sallyport
