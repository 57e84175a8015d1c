// SftpState: what the two directions of one SFTP channel know together: requests without an answer, open
// files, and the gate's own refusals. Everything is bounded: a peer that goes beyond it is not followed any
// further. Pure. Runs in: sallyport-ssh.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "base/result.h"
#include "gateway/ssh/files/ordered_hash.h"
#include "gateway/ssh/files/sftp_codes.h"
#include "gateway/wire/message.h"

namespace sallyport {

using FileReport = std::function<void(TellFile&&)>;
using FileNumber = std::uint64_t;
inline constexpr FileNumber kNoFile = 0;

// One direction of an open file.
struct Transfer {
  explicit Transfer(HeldBack& held) : hash(held) {}
  OrderedHash hash;
  std::uint64_t bytes = 0, end = 0;  // how many, and behind the last of them
  std::uint32_t unanswered = 0;      // requests
  bool failed = false;
};

struct OpenFile {
  OpenFile(std::string its_path, std::uint32_t its_flags, HeldBack& held)
      : path(std::move(its_path)), flags(its_flags), sent(held), fetched(held) {}
  std::string handle, path;
  std::uint32_t flags;  // sftp::OpenFlag; of a folder 0
  bool is_folder = false;
  Transfer sent, fetched;
  bool end_seen = false;              // the target has said that there is no more to read
  std::optional<std::uint64_t> size;  // as the target said it
  bool copied = false;                // from or to another file, by the target
  std::string detail;                 // what was changed about it while it was open
};

enum class Expected : std::uint8_t {
  anything,  // nothing follows from the answer
  opened_file,
  opened_folder,
  closed,
  data,
  written,
  size_of_path,
  size_of_file,
  done,          // `act` is reported
  file_changed,  // of an open file: `detail`
  data_copied,
};

// A request without an answer yet.
struct Waiting {
  Expected expected = Expected::anything;
  std::uint64_t sequence = 0;
  FileNumber file = kNoFile;
  std::uint64_t offset = 0;
  std::uint32_t length = 0, flags = 0;
  FileAct act = FileAct::changed;
  std::string path, other, detail;
};

class SftpState {
 public:
  static constexpr std::size_t kMostWaiting = 4096, kMostFiles = 1024, kMostWaitingText = 1024 * 1024,
                               kLongestHandle = 256, kSizesKept = 16;

  SftpState(FilesAllowed allowed, FileReport report) : allowed_(allowed), report_(std::move(report)) {}

  // Whether something may be refused, so that the streams are edited.
  bool restricts() const noexcept { return allowed_ != FilesAllowed::both; }
  bool allows_to_target() const noexcept {
    return allowed_ == FilesAllowed::both || allowed_ == FilesAllowed::to_target;
  }
  bool allows_from_target() const noexcept {
    return allowed_ == FilesAllowed::both || allowed_ == FilesAllowed::from_target;
  }

  // The client has named its version; the target's must be its first word.
  void expect_version();
  Done version_came();
  // A request goes on to the target.
  Done expect(std::uint32_t id, Waiting waiting);
  // Its answer is here; an error when there was no such request.
  Result<Waiting> answered(std::uint32_t id);
  // A request is answered by the gate, when everything that was asked before it has been answered.
  Done refuse(std::uint32_t id, std::string_view sentence);
  // The refusals whose turn it is, as packets.
  std::string take_refusals();

  Done opened(const std::string& handle, Waiting&& waiting);
  FileNumber find(std::string_view handle) const;
  OpenFile* file(FileNumber number);
  // Reports it and forgets it.
  void closed(FileNumber number, bool well);
  void close_all();

  void remember_size(const std::string& path, std::uint64_t size);
  void report(TellFile&& told) { report_(std::move(told)); }

 private:
  struct Refusal {
    std::uint64_t sequence;
    std::string packet;
  };
  std::optional<std::uint64_t> size_of(const std::string& path) const;
  void report_file(const OpenFile& file, bool well);
  void report_transfer(const OpenFile& file, FileAct act, const Transfer& transfer, bool complete);

  FilesAllowed allowed_;
  FileReport report_;
  bool version_expected_ = false;
  std::uint64_t next_sequence_ = 1;           // 0 is the version's
  std::map<std::uint32_t, Waiting> waiting_;  // by the client's number
  std::size_t waiting_text_ = 0;
  std::set<std::uint64_t> sequences_;  // of waiting_, in order; kept only where something may be refused
  std::deque<Refusal> refusals_;
  HeldBack held_;  // outlives the files
  std::map<FileNumber, OpenFile> files_;
  std::map<std::string, FileNumber, std::less<>> handles_;
  FileNumber next_file_ = kNoFile + 1;
  std::deque<std::pair<std::string, std::uint64_t>> sizes_;  // of paths that were asked for lately
};

}  // namespace sallyport
