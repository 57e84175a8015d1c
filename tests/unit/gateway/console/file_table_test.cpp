// A session's files as people see them. Runs in: unit tests.
#include "gateway/console/file_table.h"

#include "gateway/console/record_text.h"
#include "gateway/review/record_sentence.h"
#include "tests/catch.h"

using namespace sallyport;
using nlohmann::json;

namespace {

json file(const char* path) {
  return {{"event", "session.file"},
          {"time", "t"},
          {"direction", "from-target"},
          {"path", path},
          {"size", 1536U},
          {"complete", true},
          {"kind", "unknown"},
          {"sha256", std::string(64, 'a')}};
}

}  // namespace

TEST_CASE("files are a table, their names safe on a terminal, their hashes short") {
  auto resumed = file("/b");
  resumed.erase("sha256");
  resumed["no_sha256"] = "not from its beginning";
  resumed["complete"] = false;
  auto renamed = file("there");
  renamed["name"] = "here";
  CHECK(files_text(json::array({file("/a\x1b[2J"), resumed, renamed}), false) ==
        "Files:\n"
        "DIRECTION    SIZE     KIND     SHA-256                               PATH\n"
        "from-target  1.5 KiB  unknown  aaaaaaaaaaaaaaaa…                     /a\\x1b[2J\n"
        "from-target  1.5 KiB  unknown  not from its beginning  not complete  /b\n"
        "from-target  1.5 KiB  unknown  aaaaaaaaaaaaaaaa…                     there (as here)\n");
}

TEST_CASE("a watcher gets a line a file") {
  CHECK(record_text(file("/a"), false) ==
        "t  -           from-target: /a, 1536 bytes, unknown, sha256 " + std::string(64, 'a') + "\n");
  auto broken = file("/a\n");
  broken.erase("sha256");
  broken["no_sha256"] = "not in order";
  broken["complete"] = false;
  CHECK(record_text(broken, false) ==
        "t  -           from-target: /a\\x0a, 1536 bytes, unknown, no hash: not in order, not complete\n");
}

TEST_CASE("totals are said in words") {
  const json totals{{{"direction", "to-target"}, {"count", 2U}, {"bytes", 1024U}},
                    {{"direction", "from-target"}, {"count", 1U}, {"bytes", 0U}}};
  CHECK(file_totals_text(totals) == "2 to the target, 1.0 KiB; 1 from the target, 0 B");
  CHECK(file_totals_text(nullptr).empty());
}
