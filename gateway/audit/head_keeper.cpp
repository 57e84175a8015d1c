// Runs in: sallyportd (privileged). Never reads a peer's bytes.
#include "gateway/audit/head_keeper.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "base/file.h"
#include "base/log.h"
#include "base/unique_fd.h"
#include "gateway/audit/file_journal.h"
#include "gateway/audit/heads.h"

namespace sallyport {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPriority = "<86>";  // RFC 3164: authpriv, informational

Result<HeadKey> make_key(const HeadOptions& options, Random& random) {
  auto key = HeadKey::make(options.name, random);
  // The public half first: a key that nobody can check against must not be in use.
  RETURN_IF_ERROR(replace_file(head_verifier_file(options.state), key.verifier().text() + "\n", 0644));
  RETURN_IF_ERROR(replace_file(head_key_file(options.state), key.text().reveal(), 0600));
  return key;
}

// In a process of its own, which holds nothing of ours: neither the journal's lock nor the kernel's tables
// may live on in it (I4). Only calls that are safe after a fork.
[[noreturn]] void copy_and_exit(const char* folder, const char* name, const std::string& note) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::close_range(0, ~0U, 0);
  const int there = ::open(folder, O_RDONLY | O_DIRECTORY);
  const int file = ::openat(there, ".head", O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0644);
  const bool whole = ::write(file, note.data(), note.size()) == static_cast<ssize_t>(note.size()) &&
                     ::fsync(file) == 0 && ::renameat(there, ".head", there, name) == 0;
  ::_exit(whole ? 0 : 1);
}

// "journal head ORIGIN SIZE ROOT SIGNATURE": the note, in one line.
std::string in_one_line(std::string note) {
  std::string line{"journal head "};
  for (std::size_t at = 0; at < note.size();) {
    const auto end = note.find('\n', at);
    if (end > at && at < note.rfind("\n\n")) line += note.substr(at, end - at) + " ";
    at = end + 1;
  }
  const auto signature = note.rfind(' ') + 1;
  return line + note.substr(signature, note.size() - signature - 1);
}

}  // namespace

fs::path head_key_file(const fs::path& state) { return state / "journal-key"; }
fs::path head_verifier_file(const fs::path& state) { return state / "journal-key.pub"; }
fs::path heads_file(const fs::path& state) { return state / "heads"; }

Result<HeadKeeper> HeadKeeper::open(HeadOptions options, Random& random) {
  const auto file = head_key_file(options.state);
  std::error_code ignored;
  const bool is_new = !fs::exists(fs::symlink_status(file, ignored));
  auto key = [&]() -> Result<HeadKey> {
    if (is_new) return make_key(options, random);
    ASSIGN_OR_RETURN(auto text, read_trusted_file(file, Trust::secret_of_root, 4096));
    auto read = HeadKey::from_text(Secret::taking(std::move(text)));
    if (!read) return tl::unexpected{read.error().within(file.string())};
    return read;
  }();
  if (!key) return tl::unexpected{std::move(key).error()};
  HeadKeeper keeper{std::move(options), *std::move(key)};
  keeper.made_key_ = is_new;
  RETURN_IF_ERROR(keeper.take_up_file());
  return keeper;
}

// Finds the last head, and cuts off one that a power loss left half.
Done HeadKeeper::take_up_file() {
  const auto path = heads_file(options_.state);
  const UniqueFd fd{::open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600)};
  if (!fd) return fail_errno("opening {}", path.string());
  RETURN_IF_ERROR(give_to_readers(fd.get(), options_.group, path));
  ASSIGN_OR_RETURN(const auto tail, read_last_heads(path));
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) return fail_errno("looking at {}", path.string());
  if (static_cast<std::uint64_t>(status.st_size) > tail.end &&
      ::ftruncate(fd.get(), static_cast<off_t>(tail.end)) != 0)
    return fail_errno("cutting {}", path.string());
  // Heads of a key that was replaced say nothing to this one.
  for (const auto& note : tail.notes)
    if (const auto head = key_.verifier().open(note)) last_ = *head;
  return {};
}

Done HeadKeeper::look(std::uint64_t records, const std::function<Digest()>& root, BootTime now) {
  if (copying_ > 0 && ::waitpid(copying_, nullptr, WNOHANG) != 0) copying_ = 0;
  const auto signed_for = last_ ? last_->size : 0;
  if (records <= signed_for) return {};
  const bool due = hurry_ || records - signed_for >= kRecords || now - last_time_ >= kPeriod;
  if (!due || now < not_before_) return {};
  auto done = sign({records, root()}, now);
  if (!done) not_before_ = now + kPeriod;  // a disk that is full is said once a minute, not at every look
  return done;
}

Done HeadKeeper::sign(const TreeHead& head, BootTime now) {
  const auto note = key_.sign(head);
  RETURN_IF_ERROR(keep(note));
  last_ = head;
  last_time_ = now;
  hurry_ = false;
  send(note);
  copy(head.size, note);
  return {};
}

Done HeadKeeper::keep(const std::string& note) const {
  const auto path = heads_file(options_.state);
  const UniqueFd fd{::open(path.c_str(), O_WRONLY | O_APPEND | O_NOFOLLOW | O_CLOEXEC)};
  struct stat before {};
  if (!fd || ::fstat(fd.get(), &before) != 0) return fail_errno("opening {}", path.string());
  auto written = write_all(fd.get(), note + "\n");
  if (written && ::fdatasync(fd.get()) == 0) return {};
  const auto problem = written ? Error{"syncing", errno} : std::move(written).error();
  // The next one must not stand behind half a note.
  if (::ftruncate(fd.get(), before.st_size) != 0) return fail_errno("cutting {} back", path.string());
  return tl::unexpected{problem.within(path.string())};
}

// Once, without waiting: who wants every head reads the file.
void HeadKeeper::send(const std::string& note) const {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const auto path = options_.syslog.string();
  if (path.empty() || path.size() >= sizeof address.sun_path) return;
  path.copy(address.sun_path, path.size());
  const UniqueFd socket{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  const auto message = fmt::format("{}sallyportd: {}", kPriority, in_one_line(note));
  if (::sendto(socket.get(), message.data(), message.size(), MSG_NOSIGNAL,
               reinterpret_cast<const sockaddr*>(&address), sizeof address) < 0 &&
      errno != ENOENT)
    log_warning("{}", Error{"sending a head to syslog", errno}.message());
}

void HeadKeeper::copy(std::uint64_t size, const std::string& note) {
  if (options_.copies.empty()) return;
  if (copying_ > 0)  // each head covers all before it: the next one makes up for this
    return log_warning("the head of {} records is not copied to {}: the last copy still hangs", size,
                       options_.copies.string());
  const auto folder = options_.copies.string();
  const auto name = fmt::format("{:016}.note", size);
  copying_ = ::fork();
  if (copying_ == 0) copy_and_exit(folder.c_str(), name.c_str(), note);
  if (copying_ < 0) log_error("{}", Error{"starting a copy of a head", errno}.message());
}

}  // namespace sallyport
