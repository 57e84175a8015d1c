// Runs in: sallyport-ssh.
#include "gateway/ssh/file_watch.h"

#include <fmt/core.h>

#include "base/escape.h"

namespace sallyport {

namespace {

constexpr int kScpFailed = 1;

const char* ways_of(FilesAllowed allowed) {
  switch (allowed) {
    case FilesAllowed::none:
      return "no files";
    case FilesAllowed::to_target:
      return "files only to the target";
    case FilesAllowed::from_target:
      return "files only from the target";
    case FilesAllowed::both:
      return "files both ways";
  }
  return "?";
}

}  // namespace

FileWatch::FileWatch(const ProgramRequest& request, bool terminal, FilesAllowed allowed)
    : command_(transfer_command(request.kind, request.command)), restricts_(allowed != FilesAllowed::both) {
  decide(allowed);
  if (refusal_) return;
  if (command_.carrier == Carrier::sftp)
    what_ = std::make_unique<SftpFollower>(allowed, reporter());
  else if (command_.carrier == Carrier::scp_sink || command_.carrier == Carrier::scp_source)
    what_ = std::make_unique<ScpFollower>(command_, reporter());
  else if (!is_recorded(request.kind, terminal))
    what_.emplace<Opaque>();
}

void FileWatch::decide(FilesAllowed allowed) {
  const bool up = allowed == FilesAllowed::both || allowed == FilesAllowed::to_target;
  const bool down = allowed == FilesAllowed::both || allowed == FilesAllowed::from_target;
  bool may = true;
  switch (command_.carrier) {
    case Carrier::opaque:
      break;
    case Carrier::sftp:
      may = allowed != FilesAllowed::none;
      break;
    case Carrier::scp_sink:
      may = up;
      break;
    case Carrier::scp_source:
      may = down;
      break;
    case Carrier::rsync:
      may = !restricts_;  // its files cannot be listed
      break;
  }
  if (may) return;
  const char* const hint = command_.carrier == Carrier::rsync ? ", by sftp or scp" : "";
  refuse(fmt::format("the policy of this session carries {}{}", ways_of(allowed),
                     allowed == FilesAllowed::none ? "" : hint));
}

void FileWatch::refuse(std::string sentence) {
  refusal_.emplace();
  refusal_->sentence = std::move(sentence);
  const bool is_scp = command_.carrier == Carrier::scp_sink || command_.carrier == Carrier::scp_source;
  if (is_scp) {
    refusal_->output = fmt::format("\2scp: {}\n", refusal_->sentence);
    refusal_->exit_status = kScpFailed;
  }
  TellFile told;
  told.act = FileAct::refused;
  if (!command_.paths.empty()) told.path = command_.paths.front();
  told.detail = refusal_->sentence;
  untold_.push_back(std::move(told));
}

FileReport FileWatch::reporter() {
  return [this](TellFile&& told) {
    if (told.act == FileAct::refused && !said_) {
      sentence_ = fmt::format("{} ({})", told.detail, escape_terminal(told.path));
      said_ = true;
    }
    untold_.push_back(std::move(told));
  };
}

void FileWatch::attach(Flow& to_target, Flow& output) {
  if (std::holds_alternative<std::monostate>(what_)) return;
  output_ = &output;
  to_target.edit_with([this](std::string_view bytes) { return see(Side::rep, bytes); });
  output.edit_with([this](std::string_view bytes) { return see(Side::target, bytes); });
}

std::optional<std::string> FileWatch::see(Side side, std::string_view bytes) {
  if (fault_) return std::string{};
  const auto followed = follow(side, bytes);
  auto* const sftp = std::get_if<std::unique_ptr<SftpFollower>>(&what_);
  std::optional<std::string> instead;
  if (sftp != nullptr && (*sftp)->edits()) {
    auto to_rep = (*sftp)->to_rep();
    instead = side == Side::rep ? (*sftp)->to_target() : std::move(to_rep);
    // All that the target has sent up to here is in the output already.
    if (side == Side::rep) output_->say(to_rep);
  }
  if (!followed) {
    lose(followed.error());
    if (!fault_) hash(side, bytes);
  }
  (side == Side::rep ? seen_to_target_ : seen_from_target_) += bytes.size();
  return fault_ && !instead ? std::string{} : instead;
}

Done FileWatch::follow(Side side, std::string_view bytes) {
  if (auto* const sftp = std::get_if<std::unique_ptr<SftpFollower>>(&what_))
    return side == Side::rep ? (*sftp)->from_rep(bytes) : (*sftp)->from_target(bytes);
  if (auto* const scp = std::get_if<std::unique_ptr<ScpFollower>>(&what_))
    return side == Side::rep ? (*scp)->from_rep(bytes) : (*scp)->from_target(bytes);
  hash(side, bytes);
  return {};
}

void FileWatch::hash(Side side, std::string_view bytes) {
  auto& opaque = std::get<Opaque>(what_);
  (side == Side::rep ? opaque.to_target : opaque.from_target).update(bytes);
}

// Noted once; from here on only a hash of the bytes is kept, or the channel ends.
void FileWatch::lose(const Error& error) {
  if (auto* const sftp = std::get_if<std::unique_ptr<SftpFollower>>(&what_)) (*sftp)->finish();
  if (auto* const scp = std::get_if<std::unique_ptr<ScpFollower>>(&what_)) (*scp)->finish();
  TellFile told;
  told.act = FileAct::unaccounted;
  told.detail = fmt::format("{}, in what came after {} bytes to the target and {} from it", error.message(),
                            seen_to_target_, seen_from_target_);
  untold_.push_back(std::move(told));
  if (restricts_) {
    fault_ =
        fmt::format("the files on this channel cannot be told apart ({}), and the policy restricts files",
                    error.message());
    return;
  }
  what_.emplace<Opaque>();
}

std::optional<std::string> FileWatch::take_sentence() { return std::exchange(sentence_, std::nullopt); }

void FileWatch::tell(MonitorClient& monitor, std::uint32_t channel) {
  for (; !untold_.empty(); untold_.pop_front()) {
    untold_.front().channel = channel;
    monitor.tell_file(std::move(untold_.front()));
  }
}

void FileWatch::finish(TellChannelClosed& closed, std::uint64_t to_target, std::uint64_t from_target) {
  if (auto* const sftp = std::get_if<std::unique_ptr<SftpFollower>>(&what_)) (*sftp)->finish();
  if (auto* const scp = std::get_if<std::unique_ptr<ScpFollower>>(&what_)) (*scp)->finish();
  const auto* const opaque = std::get_if<Opaque>(&what_);
  if (opaque == nullptr) return;
  // Of a channel that broke off, some bytes were seen that never went on: their hash would be of something
  // else.
  if (seen_to_target_ == to_target) closed.sha256_to_target = opaque->to_target.hex();
  if (seen_from_target_ == from_target) closed.sha256_from_target = opaque->from_target.hex();
}

}  // namespace sallyport
