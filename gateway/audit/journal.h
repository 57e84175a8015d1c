// Journal: the append-only, hash-chained record; also the program's only memory of grants. The interface:
// append if the state allows it, read from a position. Nothing outside may assume a file or a single writer.
// Runs in: sallyportd (privileged). Never reads a peer's bytes.
#pragma once

#include <functional>
#include <optional>

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

class Journal {
 public:
  virtual ~Journal() = default;

  // On return the record is on stable storage (I5), or an error says that nothing was appended.
  // With `only_if`, appends only when the chain still stands there: a claim is one conditional append.
  virtual Result<Position> append(const Entry& entry, Weight weight,
                                  const std::optional<Position>& only_if = std::nullopt) = 0;
  // Every record after `from`, in order; stops at the first error that `each` returns.
  virtual Done read(const Position& from, const std::function<Done(const Record&)>& each) = 0;
  virtual Position head() const = 0;
  // Whether an opening act would find room and working storage now; the error says what to do.
  virtual Done writable() = 0;
};

}  // namespace sallyport
