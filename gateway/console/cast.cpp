// Runs in: sallyport.
#include "gateway/console/cast.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "base/unique_fd.h"

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
  const auto event = parse_json(line);
  if (!event.is_array() || event.size() != 3 || !event[0].is_number() || !event[1].is_string() ||
      !event[2].is_string())
    return false;
  const auto seconds = std::clamp(event[0].get<double>(), 0.0, 1e9);
  const auto kind = event[1].get<std::string>();
  if (kind.size() != 1) return true;  // of a later version of the format: skipped, as it asks
  auto at = microseconds{static_cast<std::int64_t>(seconds * 1e6)};
  if (!cast.events.empty()) at = std::max(at, cast.events.back().at);
  cast.events.push_back({at, kind.front(), event[2].get<std::string>()});
  return true;
}

}  // namespace

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

Result<Cast> read_cast(const std::filesystem::path& path) {
  const UniqueFd fd{::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)};
  if (!fd) return fail_errno("opening {}", path.string());
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) return fail_errno("looking at {}", path.string());
  const auto size = static_cast<std::uint64_t>(status.st_size);
  if (!S_ISREG(status.st_mode) || size > kLargest)
    return fail("{} is not a file of at most {} bytes", path.string(), kLargest);
  std::string text(size, '\0');
  std::size_t had = 0;
  while (had < text.size()) {
    const auto got = ::read(fd.get(), text.data() + had, text.size() - had);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_errno("reading {}", path.string());
    if (got == 0) break;
    had += static_cast<std::size_t>(got);
  }
  text.resize(had);
  auto cast = parse_cast(text);
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
