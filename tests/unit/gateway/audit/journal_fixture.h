// A journal on disk for the tests of this folder. Runs in: tests.
#pragma once

#include "gateway/audit/file_journal.h"
#include "gateway/audit/verify.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/temporary_folder.h"

namespace sallyport {

struct JournalFixture {
  TemporaryFolder folder;
  FakeClock clock;

  std::filesystem::path place() const { return folder.path() / "journal"; }
  std::filesystem::path file() const { return place() / "journal-00000001.jsonl"; }
  auto open(FileJournalOptions options = {}) { return FileJournal::open(place(), clock, std::move(options)); }

  // `count` records, and what the file then holds.
  std::string write(int count) {
    auto journal = open().value();
    for (int i = 0; i < count; ++i) {
      clock.advance(std::chrono::seconds{1});
      our_bug(!journal->append({"grant.expired", {{"grant", "g-" + std::to_string(i)}}}, Weight::closing),
              "append");
    }
    return contents_of(file());
  }
};

inline std::vector<Record> records_of(Journal& journal, const Position& from = {}) {
  std::vector<Record> records;
  our_bug(!journal.read(from,
                        [&](const Record& record) {
                          records.push_back(record);
                          return Done{};
                        }),
          "read");
  return records;
}

}  // namespace sallyport
