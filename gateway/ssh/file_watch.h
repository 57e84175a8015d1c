// FileWatch: what one program's channel carries of files. It looks at each direction's bytes before they can
// go on: sftp and scp are followed file by file, other programs without a terminal get a hash of each
// direction. Where the policy restricts files it also decides whether the program starts, and what of sftp
// goes on. Pure but for telling the monitor. Runs in: sallyport-ssh.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "gateway/ssh/files/scp_follower.h"
#include "gateway/ssh/files/sftp_follower.h"
#include "gateway/ssh/flow.h"
#include "gateway/ssh/program_request.h"
#include "gateway/worker/monitor_client.h"

namespace sallyport {

// Why a program is not started, in the language that its client understands.
struct FileRefusal {
  std::string sentence;
  std::string output;  // scp's own error record; empty: the sentence alone
  int exit_status = 255;
};

class FileWatch {
 public:
  FileWatch(const ProgramRequest& request, bool terminal, FilesAllowed allowed);
  FileWatch(const FileWatch&) = delete;  // the flows hold its address
  FileWatch& operator=(const FileWatch&) = delete;

  // Set when the policy does not let the program start.
  const std::optional<FileRefusal>& refusal() const noexcept { return refusal_; }
  // From here on it sees, and edits, what goes either way.
  void attach(Flow& to_target, Flow& output);
  // Set when the channel must end: the policy restricts files, and its bytes cannot be told apart into files.
  const std::optional<std::string>& fault() const noexcept { return fault_; }
  // A sentence for the rep about what was refused, once.
  std::optional<std::string> take_sentence();
  // Tells the monitor what has happened.
  void tell(MonitorClient& monitor, std::uint32_t channel);
  // The channel is over: files that are still open are reported as they are, and `closed` gets the hashes of
  // what nobody followed, where they are of all that was relayed.
  void finish(TellChannelClosed& closed, std::uint64_t to_target, std::uint64_t from_target);

 private:
  enum class Side { rep, target };
  // Of bytes that nobody follows.
  struct Opaque {
    Sha256 to_target, from_target;
  };
  void decide(FilesAllowed allowed);
  void refuse(std::string sentence);
  std::optional<std::string> see(Side side, std::string_view bytes);
  Done follow(Side side, std::string_view bytes);
  void hash(Side side, std::string_view bytes);
  void lose(const Error& error);
  FileReport reporter();

  TransferCommand command_;
  bool restricts_;
  std::optional<FileRefusal> refusal_;
  std::variant<std::monostate, std::unique_ptr<SftpFollower>, std::unique_ptr<ScpFollower>, Opaque> what_;
  Flow* output_ = nullptr;
  std::deque<TellFile> untold_;
  std::optional<std::string> fault_, sentence_;
  bool said_ = false;
  std::uint64_t seen_to_target_ = 0, seen_from_target_ = 0;
};

}  // namespace sallyport
