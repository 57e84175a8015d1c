// ScpFollower: reads along on a channel that speaks scp's old protocol (that of rcp: OpenSSH's scp.c,
// source() and sink()), in any fragmentation of its bytes, and says which file went which way. Whoever sends
// the files is the source, whoever answers with one byte a record the sink. Pure. Runs in: sallyport-ssh.
#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "gateway/ssh/files/ordered_hash.h"
#include "gateway/ssh/files/transfer_command.h"

namespace sallyport {

using FileReport = std::function<void(TellFile&&)>;

class ScpFollower {
 public:
  // OpenSSH's sink cuts a longer record into two; so would a follower have to.
  static constexpr std::size_t kLongestRecord = 2047, kDeepest = 64, kMostUnanswered = 64;

  ScpFollower(TransferCommand command, FileReport report)
      : command_(std::move(command)), report_(std::move(report)) {}

  // Bytes of one side as they come, before they go on. An error: they cannot be told apart any more.
  Done from_rep(std::string_view bytes) { return is_target_sink() ? source(bytes) : sink(bytes); }
  Done from_target(std::string_view bytes) { return is_target_sink() ? sink(bytes) : source(bytes); }
  // The channel is over: a file that is still under way is reported as it is.
  void finish();

 private:
  // What the sink answers with one byte.
  enum class Step { start, record, folder, file, file_end };
  struct File {
    explicit File(HeldBack& held) : hash(held) {}
    std::string path, name, detail;
    std::uint64_t size = 0, left = 0;
    OrderedHash hash;
    bool read_well = false;  // the source could read it to its end
  };

  bool is_target_sink() const noexcept { return command_.carrier == Carrier::scp_sink; }
  Done source(std::string_view bytes);
  Done sink(std::string_view bytes);
  void take_data(std::string_view& bytes);
  Done take_record(std::string_view& bytes);
  Done take_verdict(char verdict);
  Done on_record();
  Done on_file(std::string_view rest);
  Done on_folder(std::string_view rest);
  Done on_answer(bool good);
  Done await(Step step);
  void end_file(bool well);
  std::string path_of(std::string_view name) const;

  TransferCommand command_;
  FileReport report_;

  // The source's side.
  enum class Reading { record, data, verdict, error };  // verdict: the byte behind a file's data
  Reading reading_ = Reading::record;
  std::string record_;
  std::vector<std::string> folders_;  // entered by D, and not left by E yet
  HeldBack held_;
  std::optional<File> file_;

  // The sink's side.
  std::deque<Step> unanswered_{Step::start};
  std::optional<std::size_t> error_text_;  // an error message is coming in; its bytes so far
};

}  // namespace sallyport
