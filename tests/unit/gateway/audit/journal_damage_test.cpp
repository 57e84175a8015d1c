// Torn tails are mended without losing an acknowledged record; every other damage is found. Runs in: tests.
#include <sys/stat.h>

#include <algorithm>
#include <random>

#include "tests/catch.h"
#include "tests/unit/gateway/audit/journal_fixture.h"

using namespace sallyport;

namespace {

std::size_t line_start(const std::string& bytes, int from_end) {
  auto at = bytes.size() - 1;
  for (int i = 0; i < from_end; ++i) at = bytes.rfind('\n', at - 1);
  return at + 1;
}

}  // namespace

TEST_CASE("cut at any byte of the last two records, the journal keeps every whole one and notes the cut") {
  JournalFixture f;
  const auto whole = f.write(5);
  const auto third = line_start(whole, 2), fourth = line_start(whole, 1);
  for (auto size = third; size <= whole.size(); ++size) {
    put_contents(f.file(), whole.substr(0, size));
    const std::uint64_t ended = size == whole.size() ? 5 : size >= fourth ? 4 : 3;
    const bool newline_missing = size == whole.size() - 1 || size == fourth - 1;
    const bool torn = size != third && size != fourth && size != whole.size();
    const auto kept = ended + (newline_missing ? 1 : 0);

    const auto verdict = verify_journal(f.place());
    REQUIRE(verdict);
    REQUIRE_FALSE(verdict->broken);
    REQUIRE(verdict->records == kept);
    REQUIRE(verdict->torn.has_value() == torn);

    auto journal = f.open();
    REQUIRE(journal);
    REQUIRE((*journal)->head().seq == kept + (torn ? 1 : 0));
    const auto records = records_of(**journal);
    REQUIRE(contents_of(f.file()).substr(0, third) == whole.substr(0, third));
    if (!torn) continue;
    REQUIRE(records.back().event == "journal.recovered");
    const auto start = size > fourth ? fourth : third;
    REQUIRE(records.back().fields["bytes"] == (newline_missing ? 0 : size - start));
  }
}

TEST_CASE("a tail of zeros, with or without the end of the line, is a torn tail") {
  JournalFixture f;
  const auto whole = f.write(3);
  const auto last = line_start(whole, 1);
  std::string tail;
  SECTION("never written at all") { tail = std::string(5000, '\0'); }
  SECTION("the first block is missing") { tail = std::string(100, '\0') + whole.substr(last + 100); }
  SECTION("the rest is missing") { tail = whole.substr(last, 60) + std::string(90, '\0'); }
  SECTION("longer than any line") { tail = std::string(3 * kLongestLine, '\0'); }
  put_contents(f.file(), whole + tail);
  auto journal = f.open();
  REQUIRE(journal);
  const auto records = records_of(**journal);
  REQUIRE(records.size() == 4);
  CHECK(records.back().fields["bytes"] == tail.size());
  CHECK(contents_of(f.file()).substr(0, whole.size()) == whole);
}

TEST_CASE("an acknowledged last record that was altered is not taken for a torn one") {
  JournalFixture f;
  auto bytes = f.write(3);
  const auto last = line_start(bytes, 1);
  for (auto at = last; at < bytes.size(); ++at) {
    auto changed = bytes;
    changed[at] = static_cast<char>(changed[at] ^ 0x01);
    put_contents(f.file(), changed);
    const auto verdict = verify_journal(f.place());
    REQUIRE(verdict);
    REQUIRE(verdict->broken);
    REQUIRE(verdict->broken->line == 3);
    REQUIRE_FALSE(f.open());
  }
}

TEST_CASE("each of 1,000 random bit flips is found, at the right line") {
  JournalFixture f;
  const auto whole = f.write(40);
  std::mt19937 random{7};
  for (int i = 0; i < 1000; ++i) {
    const auto at = random() % whole.size();
    auto changed = whole;
    changed[at] = static_cast<char>(changed[at] ^ (1 << random() % 8));
    put_contents(f.file(), changed);
    const auto verdict = verify_journal(f.file());
    REQUIRE(verdict);
    REQUIRE(verdict->broken);
    const auto line = 1 + static_cast<std::uint64_t>(std::count(
                              whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(at), '\n'));
    REQUIRE(verdict->broken->line == line);
  }
}

TEST_CASE("removed, swapped, repeated and spliced records are found, and the gate names file and line") {
  JournalFixture f, other;
  const auto whole = f.write(6);
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < whole.size(); at = whole.find('\n', at) + 1)
    lines.push_back(whole.substr(at, whole.find('\n', at) + 1 - at));
  std::uint64_t bad = 3;
  SECTION("removed") { lines.erase(lines.begin() + 2); }
  SECTION("swapped") { std::swap(lines[2], lines[3]); }
  SECTION("repeated") { lines.insert(lines.begin() + 2, lines[1]); }
  SECTION("an empty line") { lines.insert(lines.begin() + 2, "\n"); }
  SECTION("from another journal") {
    other.clock.advance(std::chrono::hours{1});
    const auto theirs = other.write(6);
    lines[5] = theirs.substr(line_start(theirs, 1));
    bad = 6;
  }
  SECTION("the first") {
    lines.erase(lines.begin());
    bad = 1;
  }
  std::string bytes;
  for (const auto& line : lines) bytes += line;
  put_contents(f.file(), bytes);
  const auto verdict = verify_journal(f.place());
  REQUIRE(verdict->broken);
  CHECK(verdict->broken->line == bad);
  const auto journal = f.open();
  REQUIRE_FALSE(journal);
  CHECK(journal.error().message().find("journal-00000001.jsonl line " + std::to_string(bad)) !=
        std::string::npos);
  CHECK(journal.error().message().find("sallyport audit verify") != std::string::npos);
}

TEST_CASE("the chain goes on from file to file, and a missing or torn one in between is a break") {
  JournalFixture f;
  const auto whole = f.write(4);
  const auto cut = line_start(whole, 2);
  const auto second = f.place() / "journal-00000002.jsonl";
  put_contents(f.file(), whole.substr(0, cut));
  put_contents(second, whole.substr(cut));
  ::chmod(second.c_str(), 0640);
  {
    auto journal = f.open();
    REQUIRE(journal);
    REQUIRE((*journal)->append({"x", {}}, Weight::closing));
    CHECK(records_of(**journal).size() == 5);
  }
  CHECK(verify_journal(f.place())->records == 5);
  SECTION("torn") { put_contents(f.file(), whole.substr(0, cut - 20)); }
  SECTION("missing") { std::filesystem::remove(f.file()); }
  CHECK(verify_journal(f.place())->broken);
  CHECK_FALSE(f.open());
}
