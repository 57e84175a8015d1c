// A recording that is over, compressed in place. Runs in: sallyport, as root.
#pragma once

#include <filesystem>

#include "base/result.h"
#include "gateway/audit/recording_store.h"

namespace sallyport {

// `path` becomes `path`.zst with the same owner, group, mode and time, if it holds what `sum` says, and only
// after the new file was read back to the same hash and is on stable storage: at each instant one of both is
// whole.
Done compress_recording(const std::filesystem::path& path, const RecordingSum& sum);

}  // namespace sallyport
