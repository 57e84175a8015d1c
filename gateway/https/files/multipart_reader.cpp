// Runs in: sallyport-https.
#include "gateway/https/files/multipart_reader.h"

namespace sallyport::http {

namespace {

constexpr std::size_t kLongestBoundary = 70;  // RFC 2046, section 5.1.1
constexpr std::size_t kLongestHead = 16 * 1024;
constexpr std::string_view kLineEnd = "\r\n", kHeadEnd = "\r\n\r\n";

}  // namespace

// The first delimiter may stand at the very beginning, where no line ends before it.
MultipartReader::MultipartReader(std::string_view boundary)
    : delimiter_("\r\n--" + std::string{boundary}), kept_(kLineEnd) {
  if (boundary.empty() || boundary.size() > kLongestBoundary) state_ = State::lost;
}

void MultipartReader::take(std::string_view input, PartSink& sink) {
  if (lost()) return;
  kept_.append(input);
  while (step(sink)) continue;
}

bool MultipartReader::lose() {
  state_ = State::lost;
  kept_ = {};
  return false;
}

// Whether there may be more to be understood of what is there.
bool MultipartReader::step(PartSink& sink) {
  switch (state_) {
    case State::before_first:
      return find_first();
    case State::delimiter:
      return end_delimiter();
    case State::head:
      return read_head(sink);
    case State::data_start:
      return check_data_start();
    case State::data:
      return pass_data(sink);
    case State::closed:
      return check_rest();
    case State::lost:
      return false;
  }
  return false;
}

bool MultipartReader::find_first() {
  const auto known = std::min(kept_.size(), delimiter_.size());
  if (kept_.compare(0, known, delimiter_, 0, known) != 0) return lose();
  if (known < delimiter_.size()) return false;
  kept_.erase(0, delimiter_.size());
  state_ = State::delimiter;
  return true;
}

bool MultipartReader::end_delimiter() {
  if (kept_.size() < 2) return false;
  const bool last = kept_.starts_with("--");
  if (!last && !kept_.starts_with(kLineEnd)) return lose();
  // The line's end stays: the head of a part without fields is nothing but another.
  if (last) kept_.erase(0, 2);
  state_ = last ? State::closed : State::head;
  return true;
}

bool MultipartReader::read_head(PartSink& sink) {
  const auto end = kept_.find(kHeadEnd);
  if (std::min(end, kept_.size()) > kLongestHead) return lose();
  if (end == std::string::npos) return false;
  Fields fields;
  for (std::size_t at = kLineEnd.size(); at < end + kLineEnd.size();) {
    const auto line_end = kept_.find(kLineEnd, at);
    const auto field = parse_field(std::string_view{kept_}.substr(at, line_end - at));
    if (!field) return lose();
    fields.add(field->name, field->value);
    at = line_end + kLineEnd.size();
  }
  kept_.erase(0, end + kHeadEnd.size());
  sink.begin_part(fields);
  state_ = State::data_start;
  return true;
}

// "--boundary" right behind a head: to some readers a delimiter (RFC 2046's part without a body), to others
// data.
bool MultipartReader::check_data_start() {
  const auto dashed = std::string_view{delimiter_}.substr(kLineEnd.size());
  const auto known = std::min(kept_.size(), dashed.size());
  const bool may_be = kept_.compare(0, known, dashed, 0, known) == 0;
  if (may_be && known == dashed.size()) return lose();
  if (!may_be) state_ = State::data;
  return !may_be;
}

bool MultipartReader::pass_data(PartSink& sink) {
  const auto end = kept_.find(delimiter_);
  if (end != std::string::npos) {
    sink.part_data(std::string_view{kept_}.substr(0, end));
    sink.end_part();
    kept_.erase(0, end + delimiter_.size());
    state_ = State::delimiter;
    return true;
  }
  // What may be the beginning of a delimiter stays.
  const auto sure = kept_.size() - std::min(kept_.size(), delimiter_.size() - 1);
  sink.part_data(std::string_view{kept_}.substr(0, sure));
  kept_.erase(0, sure);
  return false;
}

bool MultipartReader::check_rest() { return kLineEnd.starts_with(kept_) ? false : lose(); }

}  // namespace sallyport::http
