// RecordingStore and Recording: the monitor's side of a recording. The worker only ever gets an append-only
// descriptor; the monitor hashes what arrived, and never looks into it.
// Runs in: sallyportd (privileged).
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/sha256.h"
#include "base/unique_fd.h"

namespace sallyport {

// Behind the name of a recording that was compressed after its end (zstd).
inline constexpr const char* kCompressedEnding = ".zst";

struct RecordingSum {
  std::string path;  // relative to the state folder, as `recording.closed` names it
  std::uint64_t size = 0;
  std::string sha256;
};

// Size and hash of all that `fd` holds, from its start; path is left empty.
Result<RecordingSum> hash_recording(int fd);

class Recording {
 public:
  // The worker's end: write-only, append-only. Once.
  UniqueFd take_writer() { return std::move(writer_); }
  // Hashes at most `most` bytes of what was appended since; returns how many. An error is an alarm: the file
  // became smaller than what was already hashed, or cannot be read.
  Result<std::uint64_t> advance(std::uint64_t most = 1 << 20);
  Result<std::uint64_t> appended() const;  // bytes not hashed yet
  // The rest, once the worker is gone; on stable storage when it returns.
  Result<RecordingSum> finish();
  const std::string& path() const noexcept { return path_; }
  std::uint64_t hashed() const noexcept { return hashed_; }

 private:
  friend class RecordingStore;
  Recording(std::string path, UniqueFd reader, UniqueFd writer)
      : path_(std::move(path)), reader_(std::move(reader)), writer_(std::move(writer)) {}

  std::string path_;
  UniqueFd reader_, writer_;
  Sha256 sum_;
  std::uint64_t hashed_ = 0;
};

struct RecordingOptions {
  std::optional<gid_t> group;                          // who may read: the auditors
  std::uint64_t least_room = std::uint64_t{16} << 20;  // bytes free on the disk, below which none is begun
};

class RecordingStore {
 public:
  // Makes `<state>/recordings` if it is not there; `state` must exist.
  static Result<RecordingStore> open(const std::filesystem::path& state, RecordingOptions options = {});

  // `<state>/recordings/<session>/<channel>.cast`, which must not exist yet.
  Result<Recording> create(const std::string& session, std::uint32_t channel) const;
  // Another read-only descriptor of one, with a position of its own; of the compressed one where that is
  // left.
  Result<UniqueFd> reader(const std::string& session, std::uint32_t channel) const;
  // Size and hash of a recording that a gate which died could not close.
  Result<RecordingSum> close_left_over(const std::string& session, std::uint32_t channel) const;
  // The same path as the journal names it, or an Error when it is none of ours.
  Result<std::filesystem::path> existing(const std::string& session, std::uint32_t channel) const;
  // Removes one for good, in whichever forms it is there; and its folder, when that was the last.
  Done remove(const std::string& session, std::uint32_t channel) const;
  // Whether there is room to begin another recording, or to go on with one.
  Done room() const;

 private:
  RecordingStore(std::filesystem::path state, RecordingOptions options)
      : state_(std::move(state)), options_(options) {}
  Done make_folder(const std::filesystem::path& folder) const;

  std::filesystem::path state_;
  RecordingOptions options_;
};

}  // namespace sallyport
