// Journal: the append-only, hash-chained record; also the program's only memory of grants. The interface:
// append if the state allows it, read from a position. Nothing outside may assume a file or a single writer.
// Runs in: sallyportd (privileged). Never reads a peer's bytes.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "gateway/audit/record.h"

namespace sallyport {

// Where a chain stands. Two journals with the same Position have the same history.
struct Position {
  std::uint64_t seq = 0;  // 0: empty
  std::string hash = std::string(64, '0');
  bool operator==(const Position&) const = default;
};

// Closing acts always find room: opening ones are refused before the last reserved bytes are used up.
enum class Weight : std::uint8_t { opening, closing };

// The oldest part of a journal that stands before a snapshot: only history.
struct OldSegment {
  std::uint64_t number = 0;
  Position end;           // its last record
  std::string latest;     // the latest time of any record up to there, as written
  WallTime last_written;  // as the storage says
};

class Journal {
 public:
  virtual ~Journal() = default;

  // On return the records are on stable storage (I5), with one sync for all of them, or an error says that
  // none was appended. (A crash before the return may leave the first few: none was acknowledged.)
  // With `only_if`, appends only when the chain still stands there: a claim is one conditional append.
  // Returns where the chain stands behind each.
  virtual Result<std::vector<Position>> append_all(std::span<const Entry> entries, Weight weight,
                                                   const std::optional<Position>& only_if = std::nullopt) = 0;
  Result<Position> append(const Entry& entry, Weight weight,
                          const std::optional<Position>& only_if = std::nullopt) {
    ASSIGN_OR_RETURN(const auto written, append_all({&entry, 1}, weight, only_if));
    return written.back();
  }
  // Every record after `from`, in order; stops at the first error that `each` returns.
  virtual Done read(const Position& from, const std::function<Done(const Record&)>& each) = 0;

  // Whether so much was appended since the last snapshot that a start should not have to read all of it.
  virtual bool snapshot_due() const = 0;
  // Appends records that tell everything that still matters of what is before them: all of them or none. A
  // failure costs nothing but that a start reads more.
  virtual Done append_snapshot(std::span<const Entry> carried) = 0;
  // The records from the last snapshot on, which comes first; all records when there is none.
  virtual Done read_from_snapshot(const std::function<Done(const Record&)>& each) = 0;

  // Nothing while there is no history before the last snapshot.
  virtual Result<std::optional<OldSegment>> oldest_segment() const = 0;
  // For good. That it goes has to be on record before.
  virtual Done delete_segment(const OldSegment& oldest) = 0;

  virtual Position head() const = 0;
  // Whether an opening act would find room and working storage now; the error says what to do.
  virtual Done writable() = 0;
};

}  // namespace sallyport
