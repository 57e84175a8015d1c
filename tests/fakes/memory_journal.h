// MemoryJournal: a journal that forgets with the process, and fails when a test says so. Runs in: tests.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "gateway/audit/chain.h"
#include "gateway/audit/journal.h"
#include "gateway/audit/segment.h"

namespace sallyport {

class MemoryJournal final : public Journal {
 public:
  MemoryJournal() = default;
  explicit MemoryJournal(const Clock& clock) : clock_(&clock) {}

  // Set by tests.
  bool full = false;                                    // opening records are refused, closing ones find room
  bool broken = false;                                  // every record is refused
  std::size_t records_a_segment = std::size_t(-1) / 2;  // a snapshot is due after so many
  std::function<void(const Entry&)> before_append;  // e.g. to append another record first, as a rival would

  std::vector<std::string> lines;
  std::size_t syncs = 0;  // how often a disk would have been waited for

  // The events in order, e.g. {"grant.enabled", "grant.claimed"}.
  std::vector<std::string> events() const {
    std::vector<std::string> names;
    for (const auto& line : lines) names.push_back(parse_line(line)->event);
    return names;
  }
  Record last() const { return *parse_line(lines.back()); }

  Result<std::vector<Position>> append_all(std::span<const Entry> entries, Weight weight,
                                           const std::optional<Position>& only_if = std::nullopt) override {
    if (before_append) before_append(entries.front());
    if (broken) return fail("the journal cannot be written");
    if (full && weight == Weight::opening) return fail("the disk of the journal is full");
    if (only_if && *only_if != chain_.head()) return fail("the journal has moved on");
    auto after = chain_;
    std::vector<std::string> written;
    std::vector<Position> positions;
    for (const auto& entry : entries) {
      const auto time = clock_ ? clock_->wall() : SystemClock{}.wall();
      written.push_back(to_line(after.head().seq + 1, time, after.head().hash, entry));
      if (auto record = after.take(written.back()); !record) return tl::unexpected{record.error()};
      positions.push_back(after.head());
    }
    ++syncs;
    lines.insert(lines.end(), written.begin(), written.end());
    chain_ = after;
    return positions;
  }

  Done read(const Position& from, const std::function<Done(const Record&)>& each) override {
    // By index: `each` may append.
    for (std::size_t i = from.seq; i < lines.size(); ++i) {
      ASSIGN_OR_RETURN(const auto record, parse_line(lines[i]));
      if (i == from.seq && record.prev != from.hash)
        return fail("record {} is not the one asked for", from.seq);
      RETURN_IF_ERROR(each(record));
    }
    return {};
  }

  bool snapshot_due() const override { return lines.size() >= snapshot_end_ + records_a_segment; }
  Done append_snapshot(std::span<const Entry> carried) override {
    std::vector<Entry> entries{segment_entry({2, carried.size(), chain_.tree(), {}})};
    entries.insert(entries.end(), carried.begin(), carried.end());
    const auto begin = lines.size();
    ASSIGN_OR_RETURN(const auto written, append_all(entries, Weight::closing));
    snapshot_ = begin;
    snapshot_end_ = lines.size();
    return {};
  }
  Done read_from_snapshot(const std::function<Done(const Record&)>& each) override {
    for (auto i = snapshot_; i < lines.size(); ++i) {
      ASSIGN_OR_RETURN(const auto record, parse_line(lines[i]));
      RETURN_IF_ERROR(each(record));
    }
    return {};
  }

  Result<std::optional<OldSegment>> oldest_segment() const override { return std::nullopt; }
  Done delete_segment(const OldSegment&) override { return fail("memory has one segment"); }

  Position head() const override { return chain_.head(); }
  Done writable() override {
    if (broken) return fail("the journal cannot be written");
    if (full) return fail("the disk of the journal is full");
    return {};
  }

 private:
  const Clock* clock_ = nullptr;  // none: the system's
  Chain chain_;
  std::size_t snapshot_ = 0, snapshot_end_ = 0;  // where the last one begins and ends
};

}  // namespace sallyport
