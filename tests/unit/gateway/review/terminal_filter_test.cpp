// What replay lets through to the viewer's terminal. Runs in: tests.
#include "gateway/review/terminal_filter.h"

#include <random>

#include "base/escape.h"
#include "tests/catch.h"

using namespace sallyport;

namespace {

std::string drawn(std::string_view output) {
  return TerminalFilter{TerminalFilter::Keep::drawing}.pass(output);
}
std::string text(std::string_view output) { return TerminalFilter{TerminalFilter::Keep::text}.pass(output); }

}  // namespace

TEST_CASE("what a full-screen program draws with passes unchanged") {
  for (const char* output :
       {"plain \xc3\xa9 \xf0\x9f\x9a\xaa\r\n\t\b", "\x1b[1;31mred\x1b[0m", "\x1b[38;2;1;2;3m", "\x1b[38:5:9m",
        "\x1b[2J\x1b[H\x1b[10;20H", "\x1b[K\x1b[1K", "\x1b[?1049h\x1b[?25l\x1b[?1049;25h", "\x1b[2;20r",
        "\x1b"
        "7\x1b"
        "8\x1b"
        "M",
        "\x1b(0lqk\x1b(B", "\x1b[3@\x1b[2P\x1b[4X", "\x1b[s\x1b[u", "\x1b[4h\x1b[4l"})
    CHECK(drawn(output) == output);
}

TEST_CASE(
    "what acts on the terminal, asks it or hides from the reader is dropped, and the text around it stays") {
  for (const char* output : {"\x1b]0;title\a",
                             "\x1b]2;title\x1b\\",
                             "\x1b]52;c;ZXZpbA==\a",
                             "\x1b]8;;http://192.0.2.1\a",
                             "\x1bP+q544e\x1b\\",
                             "\x1bP$qm\x1b\\",
                             "\x1b_Gpayload\x1b\\",
                             "\x1b^private\x1b\\",
                             "\x1bXstring\x1b\\",
                             "\x1b[c",
                             "\x1b[>c",
                             "\x1b[=c",
                             "\x1b[6n",
                             "\x1b[?6n",
                             "\x1b[21t",
                             "\x1b[18t",
                             "\x1b[8;999;999t",
                             "\x1b[?1000h",
                             "\x1b[?1006;25h",
                             "\x1b[?2004h",
                             "\x1b[>4;2m",
                             "\x1b[?1$p",
                             "\x1b[>q",
                             "\x1b[0x",
                             "\x1b[!p",
                             "\x1b[5i",
                             "\x1b"
                             "c",
                             "\x1b=",
                             "\x1b>",
                             "\x1bZ",
                             "\x05",
                             "\a",
                             "\x7f",
                             "\xc2\x9b"
                             "6n",
                             "\xc2\x9d"
                             "0;title\xc2\x9c",
                             "\xc2\x90q\x1b\\",
                             "\xe2\x80\xae",
                             "\xff",
                             "\x1b[12h",
                             "\x1b%G",
                             "\x1b#8",
                             "\x1b(K",
                             "\x1b[1\x1b[c"}) {
    INFO(escape_terminal(output));
    CHECK(drawn("a" + std::string{output} + "b") == "ab");
  }
}

TEST_CASE("a sequence that is split between two parts is judged as one") {
  const std::string output = "a\x1b]0;ti\x1b\\b\x1b[1;31mc\x1b[6nd\x1bPq\x1b\\e";
  for (std::size_t at = 0; at <= output.size(); ++at) {
    TerminalFilter filter{TerminalFilter::Keep::drawing};
    auto out = filter.pass(output.substr(0, at));
    out += filter.pass(output.substr(at));
    CHECK(out == "ab\x1b[1;31mcde");
  }
}

TEST_CASE("an endless sequence holds no memory and ends at the next one") {
  TerminalFilter filter{TerminalFilter::Keep::drawing};
  CHECK(filter.pass("\x1b[" + std::string(1 << 20, '1')).empty());
  CHECK(filter.pass("mtext") == "text");
  CHECK(filter.pass("\x1b]0;" + std::string(1 << 20, 'x')).empty());
  CHECK(filter.pass("\x18"
                    "text") == "text");
}

TEST_CASE("as text nothing but text, tabs and line ends is left") {
  CHECK(text("\x1b[1;31mred\x1b[0m\r\n\x1b(0x\x1b(B\tq\x1b[?1049h\x0e\b") == "red\nx\tq");
}

TEST_CASE("no random bytes make the filter send a sequence that is not listed") {
  std::mt19937 random{3};
  const std::string alphabet = "\x1b\x1b\x1b[]P_^X\\?>=;:0123456789mnchtqHJ(B\a\x18 ab\xc2\x9b\x9c\x90";
  for (int round = 0; round < 3000; ++round) {
    std::string bytes;
    for (int i = 0; i < 60; ++i) bytes += alphabet[random() % alphabet.size()];
    const auto out = drawn(bytes);
    INFO(escape_terminal(bytes) << " became " << escape_terminal(out));
    // What passed once is only what may pass: a second filter finds nothing to drop.
    REQUIRE(drawn(out) == out);
    for (const char* never : {"\x1b]", "\x1bP", "\x1b_", "\x1b^", "\x1bX", "\xc2\x9b", "\xc2\x90"})
      REQUIRE(out.find(never) == out.npos);
    REQUIRE(text(bytes).find('\x1b') == std::string::npos);
  }
}
