// Follower: the records of a journal in order, while it is being written, from any record on. It reads alone
// and takes no lock, so the gate never waits for it. Runs in: sallyport-send, sallyport-metrics.
#pragma once

#include <filesystem>
#include <optional>
#include <utility>

#include "gateway/audit/walk.h"

namespace sallyport {

class Follower {
 public:
  // Behind `after`, which may stand in any segment; by default from the first record.
  explicit Follower(std::filesystem::path folder, Position after = {})
      : folder_(std::move(folder)), position_(std::move(after)) {}
  // Behind the last record that is there now.
  static Result<Follower> at_end(const std::filesystem::path& folder);

  enum class More : bool { no, yes };
  // Tells the records behind position(), `most` at most, and each break once, where it stands among them;
  // says whether there are more already. A last line that is not whole is no record yet. What `record` or
  // `found` returns as an Error ends the reading: that record, that break was not told.
  //
  // Where the record of position() is not in the journal any more (a write that the gate took back; a journal
  // that was rewritten, shortened or restored), that is told as a break, and records are told again: from the
  // beginning of the segment that it was read from, otherwise all of them.
  Result<More> read(std::size_t most, const ViewVisit& record, const BreakVisit& found);

  // The last record that was told.
  const Position& position() const noexcept { return position_; }
  // What was told survives a power loss: without this a reader may know of a record before its writer has
  // synced it. Costs a flush of the disk.
  Done make_durable();

 private:
  using Files = std::vector<std::filesystem::path>;
  Result<std::optional<Place>> place_in(const Files& files) const;
  Result<std::optional<Place>> search(const Files& files) const;
  Result<Place> begin_again(const Files& files, const BreakVisit& found);
  Done tell(const Break& broken, const BreakVisit& found);
  void remember(const RecordView& record, const std::filesystem::path& file, const Place& place);

  std::filesystem::path folder_;
  Position position_;
  std::filesystem::path file_;                            // that holds position_; empty: to be searched for
  Place place_;                                           // in file_; its index means nothing
  Position before_file_;                                  // where the chain stood before file_
  std::optional<Position> whole_until_;                   // before a break that nothing has mended
  std::pair<std::filesystem::path, std::uint64_t> told_;  // the last break: file and line
  std::filesystem::path durable_name_;
};

}  // namespace sallyport
