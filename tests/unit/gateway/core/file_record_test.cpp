// What a worker tells of files, as records, and how much of it a session may write. Runs in: unit tests.
#include "gateway/core/file_record.h"

#include "tests/catch.h"

using namespace sallyport;

namespace {

TellFile sent_file() {
  TellFile told;
  told.channel = 3;
  told.act = FileAct::sent;
  told.path = "/home/hscroot/there";
  told.other = "hmc.eed";
  told.size = 10;
  told.hash = FileHash::known;
  told.sha256 = std::string(64, 'a');
  told.complete = true;
  return told;
}

}  // namespace

TEST_CASE("a file's record has its direction, its hash and its kind, by either name") {
  const auto entry = file_entry(sent_file());
  CHECK(entry.event == "session.file");
  CHECK(entry.fields == nlohmann::json{{"channel", 3},
                                       {"direction", "to-target"},
                                       {"path", "/home/hscroot/there"},
                                       {"name", "hmc.eed"},
                                       {"size", 10},
                                       {"complete", true},
                                       {"kind", "HMC code level and connection information"},
                                       {"sha256", std::string(64, 'a')}});
}

TEST_CASE("a file without a hash says why") {
  auto told = sent_file();
  told.sha256.clear();
  told.hash = FileHash::not_in_order;
  const auto entry = file_entry(told);
  CHECK(entry.fields["no_sha256"] == "not in order");
  CHECK_FALSE(entry.fields.contains("sha256"));
}

TEST_CASE("changes, refusals and lost channels have records of their own") {
  TellFile told;
  told.act = FileAct::renamed;
  told.path = "/a";
  told.other = "/b";
  CHECK(file_entry(told).event == "session.file_changed");
  CHECK(file_entry(told).fields ==
        nlohmann::json{{"channel", 0}, {"path", "/a"}, {"other", "/b"}, {"what", "renamed"}});
  told.act = FileAct::refused;
  told.detail = "because";
  CHECK(file_entry(told).event == "session.file_refused");
  CHECK(file_entry(told).fields["reason"] == "because");
  told.act = FileAct::unaccounted;
  CHECK(file_entry(told).event == "session.files_unaccounted");
}

TEST_CASE("a worker that tells of hashes that are none is caught") {
  auto told = sent_file();
  CHECK(check_file(told));
  SECTION("too short") { told.sha256.pop_back(); }
  SECTION("not hexadecimal") { told.sha256[5] = 'g'; }
  SECTION("none") { told.sha256.clear(); }
  SECTION("one that is not claimed") { told.hash = FileHash::appended; }
  SECTION("of what has no bytes") { told.act = FileAct::removed; }
  CHECK_FALSE(check_file(told));
}

TEST_CASE("the longest paths that may come fit a line of the journal") {
  TellFile told;
  told.act = FileAct::renamed;
  told.path = told.other = std::string(limit::file, '\x01');
  told.detail = std::string(limit::sentence, '\x01');
  CHECK(to_line(1, WallTime{}, std::string(64, '0'), file_entry(told)).size() < kLongestLine);
}

TEST_CASE("all files are counted, and so many listed as fit, with one last word") {
  FileAccount account;
  const auto told = sent_file();
  std::uint64_t listed = 0, last_words = 0, total = 0;
  constexpr std::uint64_t kRecord = 10'000;
  for (; total < 3000; ++total) {
    const auto room = account.count(told, kRecord);
    listed += room == FileAccount::Room::for_it ? 1U : 0U;
    last_words += room == FileAccount::Room::for_the_last_word ? 1U : 0U;
  }
  CHECK(listed * kRecord <= FileAccount::kMostBytes);
  CHECK(listed > FileAccount::kMostBytes / kRecord * 9 / 10);
  CHECK(last_words == 1);
  REQUIRE(account.totals().size() == 1);
  CHECK(account.totals()[0] == FileTotals{FileDirection::to_target, total, total * 10});
}

TEST_CASE("totals come back from a record as they went") {
  const std::vector<FileTotals> totals{{FileDirection::to_target, 3, 17}, {FileDirection::from_target, 1, 0}};
  CHECK(*files_from_json(files_to_json(totals)) == totals);
  for (const auto* bad :
       {"{}", "[1]", R"([{"direction":"up","count":1,"bytes":1}])", R"([{"direction":"to-target"}])"})
    CHECK_FALSE(files_from_json(nlohmann::json::parse(bad)));
}

TEST_CASE("a file's size that no file has does not overflow the totals") {
  FileAccount account;
  auto told = sent_file();
  told.size = UINT64_MAX;
  account.count(told, 1);
  account.count(told, 1);
  CHECK(account.totals()[0].bytes == kLargestNumber);
}
