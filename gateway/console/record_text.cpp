// Runs in: sallyport.
#include "gateway/console/record_text.h"

#include <fmt/core.h>

#include "gateway/console/table.h"
#include "gateway/review/record_sentence.h"
#include "gateway/review/values.h"

namespace sallyport {

namespace {

using Json = nlohmann::json;

Color color_of(Tone tone) {
  switch (tone) {
    case Tone::none:
      return Color::none;
    case Tone::good:
      return Color::good;
    case Tone::warning:
      return Color::warning;
    case Tone::bad:
      return Color::bad;
    case Tone::faint:
      return Color::faint;
  }
  return Color::none;
}

std::string fields_text(const Json& record) {
  std::string text = text_of(record, "event");
  for (const auto& [key, value] : record.items())
    if (key != "event" && key != "time" && key != "seq" && key != "grant" && key != "prev" && key != "hash")
      text += fmt::format(" {}={}", key, field_value_text(value));
  return text;
}

}  // namespace

std::string record_text(const Json& record, bool color) {
  const auto time = text_of(record, "time"), grant = text_of(record, "grant");
  const auto sentence = record_sentence(record).value_or(RecordSentence{fields_text(record)});
  return fmt::format("{}  {:<10}  {}\n", painted(time_text(time), Color::faint, color),
                     painted(grant.empty() ? "-" : grant, Color::none, false),
                     painted(sentence.text, color_of(sentence.tone), color));
}

}  // namespace sallyport
