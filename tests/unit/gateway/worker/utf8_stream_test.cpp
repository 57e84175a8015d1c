// Terminal output in pieces. Runs in: unit tests.
#include "gateway/worker/utf8_stream.h"

#include "base/escape.h"
#include "tests/catch.h"

using namespace sallyport;

namespace {
const std::string kReplacement = "\xEF\xBF\xBD";
}

TEST_CASE("a character split between pieces comes out whole") {
  const std::string text = "aä€😀z";
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    Utf8Stream stream;
    auto out = stream.feed(text.substr(0, cut));
    CHECK(is_utf8(out));
    out += stream.feed(text.substr(cut));
    CHECK(out + stream.finish() == text);
  }
}

TEST_CASE("a character fed byte by byte comes out with its last byte") {
  Utf8Stream stream;
  CHECK(stream.feed("\xF0").empty());
  CHECK(stream.feed("\x9F").empty());
  CHECK(stream.feed("\x98").empty());
  CHECK(stream.feed("\x80") == "\xF0\x9F\x98\x80");
}

TEST_CASE("invalid bytes become one replacement for each maximal invalid run") {
  const auto whole = [](std::string_view bytes) {
    Utf8Stream stream;
    auto out = stream.feed(bytes);
    return out + stream.finish();
  };
  CHECK(whole("a\xFFz") == "a" + kReplacement + "z");
  CHECK(whole("\x80\x80") == kReplacement + kReplacement);
  CHECK(whole("\xC3(") == kReplacement + "(");
  CHECK(whole("\xE2\x82") == kReplacement);                                    // cut short at the end
  CHECK(whole("\xE2\x82Z") == kReplacement + "Z");                             // cut short in the middle
  CHECK(whole("\xC0\x80") == kReplacement + kReplacement);                     // overlong
  CHECK(whole("\xED\xA0\x80") == kReplacement + kReplacement + kReplacement);  // surrogate
  CHECK(whole("\xF4\x90\x80\x80") == kReplacement + kReplacement + kReplacement + kReplacement);
}

TEST_CASE("whatever comes in, valid UTF-8 comes out") {
  Utf8Stream stream;
  unsigned state = 1;
  for (int i = 0; i < 20000; ++i) {
    std::string piece;
    for (unsigned n = 0; n < state % 5; ++n)
      piece += static_cast<char>((state = state * 1103515245u + 12345u) >> 16);
    state = state * 1103515245u + 12345u;
    REQUIRE(is_utf8(stream.feed(piece)));
  }
}
