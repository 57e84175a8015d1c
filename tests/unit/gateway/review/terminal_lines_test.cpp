// What is looked through for a pattern, and the pattern. Runs in: tests.
#include "gateway/review/terminal_lines.h"

#include "gateway/review/cast_reader.h"
#include "gateway/review/pattern.h"
#include "tests/catch.h"
#include "tests/fakes/temporary_folder.h"

using namespace sallyport;
using namespace std::chrono_literals;

namespace {

std::vector<SeenLine> lines_of(std::initializer_list<std::pair<int, std::string>> output) {
  std::vector<SeenLine> found;
  TerminalLines lines{[&](const SeenLine& line) { found.push_back(line); }};
  for (const auto& [second, text] : output) lines.take({std::chrono::seconds{second}, 'o', text});
  lines.finish();
  return found;
}

}  // namespace

TEST_CASE("a line is told as it was read, with the time of its first character") {
  const auto found = lines_of({{1, "\x1b[31mr"}, {2, "m\x1b[0m -"}, {3, "r\r\nnext"}, {9, "\r\n"}});
  REQUIRE(found.size() == 2);
  CHECK(found[0].text == "rm -r");
  CHECK(found[0].at == 1s);
  CHECK(found[1].text == "next");
  CHECK(found[1].at == 3s);
}

TEST_CASE("a line without an end is handed out in pieces that cut no word") {
  std::string text(TerminalLines::kLongest - 3, 'x');
  const auto found = lines_of({{0, text + "secret" + text}});
  REQUIRE(found.size() > 1);
  CHECK(std::any_of(found.begin(), found.end(),
                    [](const SeenLine& line) { return line.text.find("secret") != std::string::npos; }));
  for (const auto& line : found) CHECK(line.text.size() <= TerminalLines::kLongest + 4);
}

TEST_CASE("patterns are RE2's, with or without case") {
  CHECK(Pattern::make("rm +-r[fF]?")->is_in("$ rm  -rf /"));
  CHECK_FALSE(Pattern::make("RM")->is_in("rm"));
  CHECK(Pattern::make("RM", Pattern::Case::either)->is_in("rm"));
  for (const auto* wrong : {"", "(", "a{5,", "(?=x)", "\\1"}) {
    const auto made = Pattern::make(wrong);
    if (made) CHECK_FALSE(std::string_view{wrong} != "a{5,");  // RE2 takes that one literally
  }
  CHECK_FALSE(Pattern::make(std::string(Pattern::kLongest + 1, 'a')));
}

TEST_CASE("a pattern that makes others run for ever takes time in proportion to the text") {
  const auto pattern = Pattern::make("(a*)*(a*)*(a|aa)+$(x+x+)+y").value();
  const std::string text(64 * 1024, 'a');
  const auto begun = std::chrono::steady_clock::now();
  for (int i = 0; i < 16; ++i) CHECK_FALSE(pattern.is_in(text));
  CHECK(std::chrono::steady_clock::now() - begun < 5s);
}

TEST_CASE("a recording is read event by event, to its first line that is none") {
  const TemporaryFolder folder;
  const auto path = (folder.path() / "1.cast").string();
  put_contents(path,
               "{\"version\": 2, \"width\": 80, \"height\": 24}\n[1, \"o\", \"a\"]\n[2, \"later\", \"\"]\n"
               "[0.5, \"o\", \"b\"]\n[3, \"o\"");
  auto reader = CastReader::open(RecordingBytes{open_recording(path).value()}).value();
  CHECK(reader.header().columns == 80);
  CHECK(reader.next().value()->data == "a");
  const auto second = reader.next().value();
  CHECK(second->data == "b");
  CHECK(second->at == 1s);
  CHECK_FALSE(reader.next().value());
  CHECK_FALSE(reader.is_whole());
}

TEST_CASE("a line that no gate writes does not take all memory") {
  const TemporaryFolder folder;
  const auto path = (folder.path() / "1.cast").string();
  put_contents(path, "{\"version\": 2}\n" + std::string(std::size_t{20} << 20, 'x'));
  auto reader = CastReader::open(RecordingBytes{open_recording(path).value()}).value();
  CHECK_FALSE(reader.next());
}
