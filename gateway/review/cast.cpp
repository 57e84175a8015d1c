// Runs in: sallyport.
#include "gateway/review/cast.h"

#include <algorithm>

namespace sallyport {

namespace {

using nlohmann::json;
using std::chrono::microseconds;

constexpr std::uint64_t kLargest = std::uint64_t{1} << 30;
// Nesting costs no stack here: parsing and destroying are iterative, and only scalars are kept for printing.

json scalars_of(const json& object) {
  auto out = json::object();
  for (const auto& [key, value] : object.items())
    if (value.is_primitive()) out[key] = value;
  return out;
}

Result<Cast> parse_header(std::string_view line) {
  Cast cast;
  const auto header = parse_json(line);
  if (!header.is_object() || header.value("version", json{}) != 2)
    return fail("line 1 is not the header of an asciicast v2");
  cast.header = scalars_of(header);
  const auto size = [&](const char* key) {
    const auto value = cast.header.value(key, json{});
    return value.is_number_integer()
               ? static_cast<int>(std::clamp<std::int64_t>(value.get<std::int64_t>(), 0, 10000))
               : 0;
  };
  cast.columns = size("width");
  cast.rows = size("height");
  return cast;
}

bool add_event(Cast& cast, std::string_view line) {
  auto event = parse_event(line, cast.events.empty() ? microseconds{} : cast.events.back().at);
  if (event && event->kind != '\0') cast.events.push_back(*std::move(event));
  return event.has_value();
}

}  // namespace

std::optional<CastEvent> parse_event(std::string_view line, microseconds earliest) {
  const auto event = parse_json(line);
  if (!event.is_array() || event.size() != 3 || !event[0].is_number() || !event[1].is_string() ||
      !event[2].is_string())
    return std::nullopt;
  const auto seconds = std::clamp(event[0].get<double>(), 0.0, 1e9);
  const auto at = std::max(earliest, microseconds{static_cast<std::int64_t>(seconds * 1e6)});
  const auto& kind = event[1].get_ref<const std::string&>();
  if (kind.size() != 1) return CastEvent{earliest, '\0', {}};
  return CastEvent{at, kind.front(), event[2].get<std::string>()};
}

Result<Cast> parse_cast(std::string_view text) {
  const auto first = text.find('\n');
  ASSIGN_OR_RETURN(auto cast, parse_header(text.substr(0, first)));
  std::size_t number = 1;
  for (auto at = first; at != text.npos && at + 1 < text.size();) {
    const auto end = text.find('\n', at + 1);
    const auto line = text.substr(at + 1, end == text.npos ? text.npos : end - at - 1);
    ++number;
    if (!line.empty() && !add_event(cast, line)) {
      cast.bad_line = number;
      break;
    }
    at = end;
  }
  return cast;
}

Result<Cast> read_cast(RecordingBytes bytes) {
  std::string text;
  for (bool more = true; more;) {
    ASSIGN_OR_RETURN(more, bytes.more(text));
    if (text.size() > kLargest) return fail("the recording holds more than {} bytes", kLargest);
  }
  return parse_cast(text);
}

Result<Cast> read_cast(const std::filesystem::path& path) {
  ASSIGN_OR_RETURN(auto fd, open_recording(path.string()));
  auto cast = read_cast(RecordingBytes{std::move(fd)});
  if (!cast) return tl::unexpected{cast.error().within(path.string())};
  return cast;
}

void shorten_pauses(Cast& cast, microseconds most) {
  microseconds before{}, cut{};
  for (auto& event : cast.events) {
    const auto pause = event.at - before;
    before = event.at;
    if (pause > most) cut += pause - most;
    event.at -= cut;
  }
}

}  // namespace sallyport
