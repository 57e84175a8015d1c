// Utf8Stream: terminal output in pieces becomes valid UTF-8. Pure. Runs in: the workers.
#pragma once

#include <string>
#include <string_view>

namespace sallyport {

// A character that is split between two pieces comes out whole with the second. Each maximal invalid run
// becomes one U+FFFD (Unicode 15, section 3.9, "maximal subpart").
class Utf8Stream {
 public:
  std::string feed(std::string_view bytes);
  // The end of the stream: a character that was begun stays incomplete.
  std::string finish();

 private:
  std::string begun_;  // at most three bytes of a character
};

}  // namespace sallyport
