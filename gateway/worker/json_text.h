// JsonText: any bytes, in pieces, as the inside of a JSON string (RFC 8259, section 7) in valid UTF-8. One
// pass, because whoever looks at a terminal waits for it. Pure. Runs in: the workers.
#pragma once

#include <string>
#include <string_view>

#include "gateway/worker/utf8_stream.h"

namespace sallyport {

class JsonText {
 public:
  // Appends to `to`; a character that is split between two pieces comes with the second.
  void feed(std::string_view bytes, std::string& to);
  // The end: a character that was begun stays incomplete.
  void finish(std::string& to) { to += text_.finish(); }

 private:
  Utf8Stream text_;
};

}  // namespace sallyport
