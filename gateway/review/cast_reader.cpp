// Runs in: sallyport.
#include "gateway/review/cast_reader.h"

namespace sallyport {

namespace {

// The gate writes no line this long; whoever wrote it is not trusted with our memory.
constexpr std::size_t kLongestLine = 8 * 1024 * 1024;

}  // namespace

Result<CastReader> CastReader::open(RecordingBytes bytes) {
  CastReader reader{std::move(bytes)};
  ASSIGN_OR_RETURN(const auto first, reader.line());
  ASSIGN_OR_RETURN(reader.header_, parse_cast(first.value_or(std::string_view{})));
  return reader;
}

Result<std::optional<std::string_view>> CastReader::line() {
  auto end = buffer_.find('\n', start_);
  while (end == buffer_.npos && !at_end_) {
    buffer_.erase(0, start_);
    start_ = 0;
    if (buffer_.size() > kLongestLine) return fail("the recording holds a line without an end");
    const auto searched = buffer_.size();
    ASSIGN_OR_RETURN(const auto more, bytes_.more(buffer_));
    at_end_ = !more;
    end = buffer_.find('\n', searched);
  }
  const auto length = (end == buffer_.npos ? buffer_.size() : end) - start_;
  if (end == buffer_.npos && length == 0) return std::nullopt;
  const auto found = std::string_view{buffer_}.substr(start_, length);
  start_ += length + (end == buffer_.npos ? 0 : 1);
  return found;
}

Result<std::optional<CastEvent>> CastReader::next() {
  while (whole_) {
    ASSIGN_OR_RETURN(const auto text, line());
    if (!text) return std::nullopt;
    if (text->empty()) continue;
    auto event = parse_event(*text, last_);
    whole_ = event.has_value();
    if (!event) break;
    last_ = event->at;
    if (event->kind != '\0') return event;
  }
  return std::nullopt;
}

}  // namespace sallyport
