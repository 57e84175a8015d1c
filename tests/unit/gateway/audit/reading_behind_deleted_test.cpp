// Whoever reads a journal whose oldest segments were deleted: heads, proofs and followers take what is left
// for as good as before. Runs in: tests.
#include "gateway/audit/follower.h"
#include "gateway/audit/proof.h"
#include "tests/unit/gateway/audit/aged_journal.h"

using namespace sallyport;

namespace {

struct Told {
  std::vector<std::uint64_t> records;
  std::vector<std::string> breaks;
  explicit Told(Follower follower) {
    our_bug(!follower.read(
                1000,
                [&](const RecordView& view, const Place&) {
                  records.push_back(view.seq);
                  return Done{};
                },
                [&](const Break& found) {
                  breaks.push_back(found.message());
                  return Done{};
                }),
            "reading");
  }
};

}  // namespace

TEST_CASE("a journal whose deleted part was given another tree is found by every head behind it") {
  Aged f;
  f.open_without(2).reset();
  rewrite(f.place(), [](nlohmann::json& opening) { opening["tree"][0] = std::string(64, 'b'); });
  const auto verdict = verify_journal(f.place(), sizes_of(f.heads)).value();
  CHECK_FALSE(verdict.broken);
  CHECK(compare_heads(f.heads, verdict).problem.find("rewritten") == 0);
}

TEST_CASE("heads of what was deleted are not compared, and alone prove nothing") {
  Aged f;
  f.open_without(2).reset();
  auto check = compare_heads(f.heads, verify_journal(f.place(), sizes_of(f.heads)).value());
  CHECK(check.deleted > 10);
  CHECK(check.checked + check.deleted == f.heads.size());
  // One that ends exactly where the rest begins still can be.
  const auto end = f.first_left() - 1;
  std::erase_if(f.heads, [&](const TreeHead& head) { return head.size > end; });
  check = compare_heads(f.heads, verify_journal(f.place(), sizes_of(f.heads)).value());
  CHECK(check.good_until == end);
  f.heads.pop_back();
  check = compare_heads(f.heads, verify_journal(f.place(), sizes_of(f.heads)).value());
  CHECK(check.checked == 0);
  CHECK(check.problem.find("deleted") == 0);
}

TEST_CASE("each record that is left is proved, whatever was deleted before it") {
  for (int deleted = 0; deleted <= 3; ++deleted) {
    Aged f;
    auto journal = f.open_without(deleted);
    f.append(*journal, 9);
    const TreeHead head{journal->head().seq, journal->tree().root()};
    const auto files = journal_files(f.place()).value();
    const auto proofs = make_proofs(
        files, [](const RecordView&) { return true; }, head, f.key.sign(head));
    REQUIRE(proofs);
    const auto proven = check_proofs(*proofs, f.key.verifier());
    REQUIRE(proven);
    CHECK(proven->records.size() == verify_journal(f.place())->records);
  }
}

TEST_CASE("who follows begins with what is left; who has read to its edge misses nothing") {
  Aged f;
  auto journal = f.open_without(0);
  const auto records = records_of(*journal);
  REQUIRE(f.delete_oldest(*journal));
  REQUIRE(f.delete_oldest(*journal));
  const auto left = f.first_left(), last = journal->head().seq;

  const Told all{Follower{f.place()}};
  CHECK(all.breaks.empty());
  CHECK(all.records.front() == left);
  CHECK(all.records.back() == last);

  const auto& edge = records[left - 2];
  const Told rest{Follower{f.place(), {edge.seq, edge.hash}}};
  CHECK(rest.breaks.empty());
  CHECK(rest.records == all.records);

  // Whoever was further back is told so, and what is left.
  const auto& lost = records[left - 3];
  const Told after{Follower{f.place(), {lost.seq, lost.hash}}};
  REQUIRE(after.breaks.size() == 1);
  CHECK(after.breaks[0].find("is not in the journal any more") != std::string::npos);
  CHECK(after.records == all.records);
}

TEST_CASE("a follower that stands at the end of a segment goes on when that is deleted under it") {
  Aged f;
  auto journal = f.open(Aged::options()).value();
  f.append(*journal, 9);
  Follower follower{f.place()};
  const auto nothing = [](const auto&...) { return Done{}; };
  REQUIRE(follower.read(1000, nothing, nothing) == Follower::More::no);
  const auto records = records_of(*journal);
  f.append(*journal, 1);
  REQUIRE(follower.read(1, nothing, nothing) == Follower::More::yes);
  CHECK(follower.position().seq == 10);
  REQUIRE(f.delete_oldest(*journal));
  std::vector<std::uint64_t> told;
  REQUIRE(follower.read(
      1000,
      [&](const RecordView& view, const Place&) {
        told.push_back(view.seq);
        return Done{};
      },
      [](const Break& found) -> Done { return fail("{}", found.message()); }));
  CHECK(told.front() == 11);
}
