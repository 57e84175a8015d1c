// A journal in several short segments, of which the oldest can be deleted. Runs in: tests.
#pragma once

#include <functional>

#include "gateway/audit/deleted_segments.h"
#include "gateway/audit/heads.h"
#include "tests/catch.h"
#include "tests/unit/gateway/audit/journal_fixture.h"

namespace sallyport {

inline const std::vector<Entry> kCarried{{"journal.carried", {{"counters", {{"ann", 4}}}}},
                                         {"journal.carried", {{"counters", {{"bob", 7}}}}}};

struct Aged : JournalFixture {
  SystemRandom random;
  HeadKey key = HeadKey::make("gate/journal", random);
  std::vector<TreeHead> heads;

  std::filesystem::path segment(std::uint64_t number) const { return place() / segment_name(number); }
  static FileJournalOptions options() {
    FileJournalOptions options;
    options.segment_records = 10;
    return options;
  }
  void append(FileJournal& journal, int count) {
    for (int i = 0; i < count; ++i) {
      clock.advance(std::chrono::seconds{1});
      REQUIRE(journal.append({"session.file", {{"session", "s-1"}, {"n", i}}}, Weight::closing));
      heads.push_back({journal.head().seq, journal.tree().root()});
      if (journal.snapshot_due()) REQUIRE(journal.append_snapshot(kCarried));
    }
  }
  static Entry word_on(const OldSegment& oldest) {
    return deletion_entry({oldest.number, oldest.end, oldest.latest, std::string(64, 'a'), 400, "root"});
  }
  Done delete_oldest(FileJournal& journal) {
    ASSIGN_OR_RETURN(const auto oldest, journal.oldest_segment());
    if (!oldest) return fail("there is none");
    RETURN_IF_ERROR(journal.append(word_on(*oldest), Weight::opening));
    return journal.delete_segment(*oldest);
  }
  // Four segments, of which so many are deleted.
  std::unique_ptr<FileJournal> open_without(int deleted) {
    auto journal = open(options()).value();
    append(*journal, 35);
    for (int i = 0; i < deleted; ++i) REQUIRE(delete_oldest(*journal));
    return journal;
  }
  std::uint64_t first_left() const {
    return start_of_segment(journal_files(place()).value(), 0).value()->start.position.seq + 1;
  }
  void require_whole() const {
    const auto verdict = verify_journal(place(), sizes_of(heads)).value();
    REQUIRE_FALSE(verdict.broken);
    const auto check = compare_heads(heads, verdict);
    INFO(check.problem);
    REQUIRE(check.problem.empty());
    REQUIRE(check.good_until == heads.back().size);
  }
};

// The whole journal written anew behind a change to its first record: a chain that fits by itself.
inline void rewrite(const std::filesystem::path& place, const std::function<void(nlohmann::json&)>& change) {
  Chain chain;
  const auto files = journal_files(place).value();
  for (const auto& file : files) {
    std::string out, all = contents_of(file);
    for (std::size_t at = 0; at < all.size(); at = all.find('\n', at) + 1) {
      const auto record = take_apart(std::string_view{all}.substr(at, all.find('\n', at) - at)).value();
      Entry entry{record.event, record.fields};
      if (chain.head().seq == 0) {
        change(entry.fields);
        const auto opening =
            segment_opening({record.seq, record.time, record.event, record.prev, {}, entry.fields});
        chain = Chain{{record.seq - 1, record.prev}, opening.value().tree};
      } else if (record.event == kSegmentEvent) {
        entry.fields["tree"] = segment_entry({2, 0, chain.tree(), {}}).fields["tree"];
      }
      const auto line = to_line(record.seq, record.time, chain.head().hash, entry);
      our_bug(!chain.take(line), "a chain that fits");
      out += line + "\n";
    }
    put_contents(file, out);
  }
}

}  // namespace sallyport
