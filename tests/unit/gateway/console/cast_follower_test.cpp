// A recording read while it grows. Runs in: tests.
#include "gateway/console/cast_follower.h"

#include <fcntl.h>

#include "tests/catch.h"
#include "tests/fakes/temporary_folder.h"

using namespace sallyport;

namespace {

const std::string kHeader = R"({"version": 2, "width": 80, "height": 24})"
                            "\n";

// A recording that the test writes.
struct Growing {
  TemporaryFolder folder;
  UniqueFd writer{::open(path().c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600)};
  CastFollower follower{UniqueFd{::open(path().c_str(), O_RDONLY | O_CLOEXEC)}};

  std::string path() const { return (folder.path() / "1.cast").string(); }
  void add(const std::string& text) const {
    REQUIRE(::write(writer.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  }
  // The output of what is new.
  std::string more() {
    const auto cast = follower.more();
    REQUIRE(cast);
    std::string text;
    for (const auto& event : cast->events) text += event.data;
    return text;
  }
};

}  // namespace

TEST_CASE("what is there is read at once, then each line when it is whole") {
  Growing file;
  CHECK(file.more().empty());
  CHECK_FALSE(file.follower.has_header());
  file.add(kHeader.substr(0, 9));
  CHECK(file.more().empty());
  CHECK_FALSE(file.follower.has_header());
  file.add(kHeader.substr(9) + "[0.1, \"o\", \"one\"]\n[0.2, \"o\", \"tw");
  CHECK(file.more() == "one");
  CHECK(file.follower.has_header());
  CHECK(file.more().empty());
  file.add("o\"]\n");
  CHECK(file.more() == "two");
  file.add("[0.3, \"r\", \"90x30\"]\n");
  const auto cast = file.follower.more();
  REQUIRE(cast);
  CHECK(cast->columns == 80);
  REQUIRE(cast->events.size() == 1);
  CHECK(cast->events.front().kind == 'r');
}

TEST_CASE("a large recording is read in pieces, and none is left out") {
  Growing file;
  file.add(kHeader);
  std::string all;
  for (int i = 0; i < 40'000; ++i) {
    const auto text = std::to_string(i) + " is a number.";
    file.add("[1.0, \"o\", \"" + text + "\"]\n");
    all += text;
  }
  std::string seen;
  while (file.follower.is_behind()) seen += file.more();
  CHECK(seen == all);
}

TEST_CASE("a line that is no event ends it, and so does one without an end") {
  Growing file;
  file.add(kHeader);
  SECTION("no event") { file.add("[1.0, \"o\", \"good\"]\nnonsense\n"); }
  SECTION("no header") {
    Growing other;
    other.add("nonsense\n");
    CHECK_FALSE(other.follower.more());
    file.add("{}\n");
  }
  SECTION("no end") {
    const std::string piece(1 << 20, 'x');
    for (int i = 0; i < 9; ++i) file.add(piece);
  }
  bool refused = false;
  for (int i = 0; i < 100 && !refused; ++i) refused = !file.follower.more();
  CHECK(refused);
}
