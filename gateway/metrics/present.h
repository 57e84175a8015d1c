// What is true now and in no record: the last signed head, the disk, whether the monitor answers. Looked at
// as an auditor may: no question is put to the monitor, which has better to do. Runs in: sallyport-metrics.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

#include "base/clock.h"

namespace sallyport {

struct LastHead {
  std::uint64_t records = 0;  // that it covers
  WallTime time;              // when it was written
};
// Nothing while there is none that the gate's key signed.
std::optional<LastHead> last_head(const std::filesystem::path& state);

struct DiskRoom {
  std::uint64_t size = 0, free = 0;  // bytes; free for root, as the monitor is
};
std::optional<DiskRoom> disk_room(const std::filesystem::path& folder);

}  // namespace sallyport
