// What the journal tells of each grant. Runs in: tests.
#include "gateway/review/grant_rows.h"

#include "gateway/audit/walk.h"
#include "gateway/review/month_report.h"
#include "tests/catch.h"
#include "tests/unit/gateway/review/review_fixture.h"

using namespace sallyport;

namespace {

GrantRows fold(const ReviewFixture& f, RowFilter filter = {}, std::size_t from_file = 0) {
  GrantRows rows{std::move(filter)};
  const auto files = journal_files(f.place()).value();
  WalkStart start;
  if (from_file > 0) start = start_of_segment(files, from_file).value()->start;
  const auto walked = walk_records(
      files, [&](const RecordView& view, const Place&) { return rows.see(view); }, start);
  our_bug(!walked || walked->broken.has_value(), "walk");
  return rows;
}

ReviewFixture& two_grants(ReviewFixture& f) {
  f.enable("g-1");
  f.play("g-1", "s-1");
  f.enable("g-2", "bob", "CHG-2");
  f.note("grant.locked", {{"grant", "g-2"}, {"failures", 10}});
  return f;
}

}  // namespace

TEST_CASE("a row tells who was in, who let them in, how it ended, and what went over") {
  ReviewFixture f;
  const auto rows = fold(two_grants(f));
  const auto found = rows.wanted();
  REQUIRE(found.size() == 2);
  const auto& row = *found[0];
  CHECK(row.grant == "g-1");
  CHECK(row.session == "s-1");
  CHECK(row.admin == "olga");
  CHECK(row.state == "spent");
  CHECK(row.end_reason == "the rep left");
  CHECK(row.failed_logins == 1);
  CHECK(row.from_target.count == 1);
  CHECK(row.from_target.bytes == 700);
  CHECK(row.alarms.empty());
  REQUIRE(row.recordings.size() == 1);
  CHECK(row.recordings[0].path == "recordings/s-1/1.cast");
  CHECK(found[1]->state == "locked");
  CHECK(found[1]->alarms.size() == 1);
}

TEST_CASE("each filter keeps what it names and nothing else") {
  ReviewFixture f;
  two_grants(f);
  const auto names = [&](const RowFilter& filter) {
    std::string found;
    const auto rows = fold(f, filter);
    for (const auto* row : rows.wanted()) found += row->grant + " ";
    return found;
  };
  RowFilter filter;
  SECTION("rep") {
    filter.rep = "bob";
    CHECK(names(filter) == "g-2 ");
  }
  SECTION("target") {
    filter.target = "hmc-b";
    CHECK(names(filter).empty());
  }
  SECTION("ticket") {
    filter.ticket = "CHG-1";
    CHECK(names(filter) == "g-1 ");
  }
  SECTION("admin") {
    filter.admin = "olga";
    CHECK(names(filter) == "g-1 g-2 ");
  }
  SECTION("name of a session") {
    filter.name = "s-1";
    CHECK(names(filter) == "g-1 ");
  }
  SECTION("reason of the end") {
    filter.ended = "rep left";
    CHECK(names(filter) == "g-1 ");
  }
  SECTION("files") {
    filter.only_with_files = true;
    CHECK(names(filter) == "g-1 ");
  }
  SECTION("alarms") {
    filter.only_with_alarms = true;
    CHECK(names(filter) == "g-2 ");
  }
  SECTION("a time behind its end") {
    filter.since = to_rfc3339(f.clock.wall() + std::chrono::seconds{1});
    CHECK(names(filter) == "g-2 ");  // locked is not over: it can be unlocked
  }
  SECTION("a time before its begin") {
    filter.until = "2020-01-01T00:00:00.000000Z";
    CHECK(names(filter).empty());
  }
}

TEST_CASE("what should be looked at is told with the grant that it is about") {
  ReviewFixture f;
  f.enable("g-1");
  f.note("grant.claimed", {{"grant", "g-1"}, {"session", "s-1"}});
  f.note("recording.closed", {{"session", "s-1"}, {"channel", 1}, {"alarm", "it was cut"}});
  f.note("session.files_unaccounted",
         {{"session", "s-1"}, {"grant", "g-1"}, {"channel", 4}, {"reason", "x"}});
  f.note("session.ended", {{"grant", "g-1"}, {"session", "s-1"}, {"reason", "gateway restarted"}});
  f.note("firewall.closed", {{"grant", "g-1"}, {"left", {"an element"}}});
  f.note("firewall.changed", {{"what", nlohmann::json::array({"a table was removed"})}});
  const auto rows = fold(f);
  CHECK(rows.wanted()[0]->alarms.size() == 4);
  REQUIRE(rows.other_alarms().size() == 1);
  CHECK(rows.other_alarms()[0].text.find("a table was removed") != std::string::npos);
}

TEST_CASE("a grant from before the segment that the walk begins with is known by what the segment carries") {
  ReviewFixture f;
  f.enable("g-0");
  const std::vector<Entry> carried{
      {"journal.carried",
       {{"live",
         {{"enabled", {{"grant", "g-7"}, {"rep", "ann"}, {"target", "hmc-a"}, {"enabled_by", "olga"}}},
          {"enabled_at", "2026-02-28T10:00:00.000000Z"},
          {"state", "active"},
          {"session", "s-7"},
          {"claimed_at", "2026-02-28T10:01:00.000000Z"}}}}}};
  our_bug(!f.journal->append_snapshot(carried), "segment");
  f.note("session.file", {{"session", "s-7"}, {"grant", "g-7"}, {"direction", "to-target"}, {"size", 5}});
  f.note("recording.closed", {{"session", "s-7"}, {"channel", 1}, {"alarm", "it was cut"}});
  const auto rows = fold(f, {}, 1);
  REQUIRE(rows.wanted().size() == 1);
  const auto& row = *rows.wanted()[0];
  CHECK(row.state == "active");
  CHECK(row.rep == "ann");
  CHECK(row.to_target.bytes == 5);
  CHECK(row.alarms.size() == 1);
}

TEST_CASE("a text that a peer chose is not taken for a member of the record") {
  const std::string line = R"({"command":"x\",\"session\":\"s-evil","event":"session.file","session":"s-1"})";
  CHECK(member_text(line, "session") == "s-1");
  CHECK(member_text(R"({"path":"\"session\":\"s-evil\""})", "session").empty());
}

TEST_CASE("a month is counted by rep, target and admin, with its refused logins and alarms") {
  ReviewFixture f;
  two_grants(f);
  f.note("login.failed", {{"peer", "203.0.113.9:5"}});
  MonthReport report{Month::parse("2026-03").value()};
  const auto files = journal_files(f.place()).value();
  our_bug(!walk_records(files, [&](const RecordView& view, const Place&) { return report.see(view); }),
          "walk");
  const auto told = report.json();
  CHECK(told["sessions"] == 1);
  CHECK(told["refused_logins"] == 2);
  CHECK(told["sessions_by_admin"][0]["name"] == "olga");
  CHECK(told["grants"].size() == 2);
  CHECK(told["alarms"].size() == 1);
  CHECK(told["records"]["verified"] == false);
  const auto page = report.html();
  CHECK(page.find("203.0.113.9") != std::string::npos);
  CHECK(page.find("default-src 'none'") != std::string::npos);
  MonthReport other{Month::parse("2026-01").value()};
  our_bug(!walk_records(files, [&](const RecordView& view, const Place&) { return other.see(view); }),
          "walk");
  CHECK(other.json()["sessions"] == 0);
  CHECK(other.json()["refused_logins"] == 0);
}

TEST_CASE("a month ends with its last microsecond, and what is none is refused") {
  CHECK(Month::parse("2026-12")->last == "2026-12-31T23:59:59.999999Z");
  CHECK(Month::parse("2028-02")->last == "2028-02-29T23:59:59.999999Z");
  for (const auto* wrong : {"", "2026", "2026-13", "2026-1", "2026-11-01", "november"})
    CHECK_FALSE(Month::parse(wrong));
}
