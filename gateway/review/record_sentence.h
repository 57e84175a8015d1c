// What a record says, as a sentence for people. Pure. Runs in: sallyport.
#pragma once

#include <optional>
#include <string>

#include "gateway/audit/json.h"

namespace sallyport {

enum class Tone { none, good, warning, bad, faint };  // how it should catch the eye

struct RecordSentence {
  std::string text;  // not safe for a terminal or a page yet
  Tone tone = Tone::none;
};

// Nothing for an event that has no sentence of its own: then its fields are shown.
std::optional<RecordSentence> record_sentence(const nlohmann::json& record);

// A field as it stands in such a sentence; of a list its items.
std::string field_value_text(const nlohmann::json& value);
// "2 to the target, 1.5 MiB; 1 from the target, 3 KiB": the `files` of `session.ended`.
std::string file_totals_text(const nlohmann::json& totals);

}  // namespace sallyport
