// HeadFinder: where a message's head ends, and that its lines can be read in one way only.
// Pure; runs in: sallyport-https.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "gateway/https/http/fault.h"

namespace sallyport::http {

struct HeadLimits {
  std::size_t first_line = 8 * 1024;  // bytes; a longer one is answered with 414
  std::size_t line = 16 * 1024;       // the others: 431
  std::size_t all = 64 * 1024;
  std::size_t lines = 128;
};

class HeadFinder {
 public:
  explicit HeadFinder(const HeadLimits& limits = {}) : limits_(limits) {}

  // `bytes`: all that has come since the head began; each call with more. The size of the head with its empty
  // line, once that is there. What could be read as a line in two ways is refused as soon as it is seen: a
  // bare CR or LF, NUL and other control characters, an empty line in front.
  Parsed<std::optional<std::size_t>> find(std::string_view bytes);
  bool begun() const noexcept { return looked_at_ != 0; }

 private:
  Parsed<bool> end_line(std::size_t end);
  tl::unexpected<Fault> too_long(bool is_line) const;
  HeadLimits limits_;
  std::size_t looked_at_ = 0, line_begin_ = 0, lines_ = 0;
};

// The lines of a head that find() has passed, without their CRLF and without the empty one.
std::vector<std::string_view> lines_of(std::string_view head);

}  // namespace sallyport::http
