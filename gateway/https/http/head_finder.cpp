// Runs in: sallyport-https.
#include "gateway/https/http/head_finder.h"

#include <algorithm>

#include "gateway/https/http/characters.h"

namespace sallyport::http {

namespace {

constexpr std::size_t kUsualLines = 32;  // a browser's request has 15 to 20

}  // namespace

// A CR was found at `end`. Whether that line was the empty one.
Parsed<bool> HeadFinder::end_line(std::size_t end) {
  const auto length = end - line_begin_;
  if (length == 0 && lines_ == 0) return bad("an empty line where a message should begin");
  if (length == 0) return true;
  if (++lines_ > limits_.lines + 1) return fault(431, "too many header lines");
  line_begin_ = end + 2;
  return false;
}

Parsed<std::optional<std::size_t>> HeadFinder::find(std::string_view bytes) {
  for (;;) {
    const auto line_end = line_begin_ + (lines_ == 0 ? limits_.first_line : limits_.line);
    const auto most = std::min({bytes.size(), line_end, limits_.all});
    while (looked_at_ < most && is_field_char(bytes[looked_at_])) ++looked_at_;
    if (looked_at_ >= bytes.size()) return std::nullopt;
    const char c = bytes[looked_at_];
    if (is_field_char(c)) return too_long(looked_at_ >= line_end);
    if (c != '\r') return bad(c == '\n' ? "a LF without CR" : "a control character in a header");
    if (looked_at_ + 1 == bytes.size()) return std::nullopt;
    if (bytes[looked_at_ + 1] != '\n') return bad("a CR without LF");
    const auto was_last = end_line(looked_at_);
    if (!was_last) return tl::unexpected{was_last.error()};
    looked_at_ += 2;
    if (*was_last) return looked_at_;
    if (looked_at_ > limits_.all) return too_long(false);
  }
}

tl::unexpected<Fault> HeadFinder::too_long(bool is_line) const {
  if (!is_line) return fault(431, "the headers are too long");
  return lines_ == 0 ? fault(414, "the address is too long") : fault(431, "a header line is too long");
}

std::vector<std::string_view> lines_of(std::string_view head) {
  std::vector<std::string_view> lines;
  lines.reserve(kUsualLines);
  for (;;) {
    const auto end = head.find("\r\n");
    if (end == 0 || end == std::string_view::npos) return lines;
    lines.push_back(head.substr(0, end));
    head.remove_prefix(end + 2);
  }
}

}  // namespace sallyport::http
