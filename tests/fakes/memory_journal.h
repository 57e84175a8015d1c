// MemoryJournal: a journal that forgets with the process, and fails when a test says so. Runs in: tests.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "gateway/audit/chain.h"
#include "gateway/audit/journal.h"

namespace sallyport {

class MemoryJournal final : public Journal {
 public:
  MemoryJournal() = default;
  explicit MemoryJournal(const Clock& clock) : clock_(&clock) {}

  // Set by tests.
  bool full = false;                                // opening records are refused, closing ones find room
  bool broken = false;                              // every record is refused
  std::function<void(const Entry&)> before_append;  // e.g. to append another record first, as a rival would

  std::vector<std::string> lines;

  // The events in order, e.g. {"grant.enabled", "grant.claimed"}.
  std::vector<std::string> events() const {
    std::vector<std::string> names;
    for (const auto& line : lines) names.push_back(parse_line(line)->event);
    return names;
  }
  Record last() const { return *parse_line(lines.back()); }

  Result<Position> append(const Entry& entry, Weight weight,
                          const std::optional<Position>& only_if = std::nullopt) override {
    if (before_append) before_append(entry);
    if (broken) return fail("the journal cannot be written");
    if (full && weight == Weight::opening) return fail("the disk of the journal is full");
    if (only_if && *only_if != chain_.head()) return fail("the journal has moved on");
    const auto time = clock_ ? clock_->wall() : SystemClock{}.wall();
    auto line = to_line(chain_.head().seq + 1, time, chain_.head().hash, entry);
    if (auto record = chain_.take(line); !record) return tl::unexpected{record.error()};
    lines.push_back(std::move(line));
    return chain_.head();
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

  Position head() const override { return chain_.head(); }
  Done writable() override {
    if (broken) return fail("the journal cannot be written");
    if (full) return fail("the disk of the journal is full");
    return {};
  }

 private:
  const Clock* clock_ = nullptr;  // none: the system's
  Chain chain_;
};

}  // namespace sallyport
