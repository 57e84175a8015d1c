// Runs in: sallyportd (privileged).
#include "auth/auth_client.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>

#include <array>
#include <utility>

#include "base/duration.h"

namespace sallyport {

namespace {

constexpr int kChannelFd = 3;

// posix_spawn's two attribute objects, owned from birth. posix_spawn rather than fork: the monitor's memory
// holds keys, and no instruction of ours runs in a copy of it.
class SpawnPlan {
 public:
  SpawnPlan() {
    posix_spawn_file_actions_init(&actions_);
    posix_spawnattr_init(&attributes_);
  }
  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;
  ~SpawnPlan() {
    posix_spawnattr_destroy(&attributes_);
    posix_spawn_file_actions_destroy(&actions_);
  }

  // Errors here are errno values: out of memory, or a bad number.
  int arrange(int channel) {
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    int error = posix_spawn_file_actions_adddup2(&actions_, channel, kChannelFd);
    if (error == 0)
      error = posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (error == 0)
      error = posix_spawn_file_actions_addopen(&actions_, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    if (error == 0) error = posix_spawn_file_actions_addclosefrom_np(&actions_, kChannelFd + 1);
    if (error == 0) error = posix_spawnattr_setsigmask(&attributes_, &none);
    if (error == 0) error = posix_spawnattr_setsigdefault(&attributes_, &all);
    if (error == 0) error = posix_spawnattr_setpgroup(&attributes_, 0);
    if (error == 0)
      error = posix_spawnattr_setflags(
          &attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
    return error;
  }

  int spawn(pid_t& pid, const std::string& program, const std::string& argument) {
    std::string name = program, deadline = argument;
    std::string path = "PATH=/usr/sbin:/usr/bin:/sbin:/bin", language = "LANG=C";
    std::array<char*, 3> arguments{name.data(), deadline.data(), nullptr};
    std::array<char*, 3> environment{path.data(), language.data(), nullptr};
    return posix_spawn(&pid, program.c_str(), &actions_, &attributes_, arguments.data(), environment.data());
  }

 private:
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

}  // namespace

Result<AuthHelper> AuthHelper::start(const std::filesystem::path& program, std::chrono::seconds deadline) {
  ASSIGN_OR_RETURN(auto ends, Channel::make_pair());
  auto& [ours, theirs] = ends;
  if (fcntl(ours.fd(), F_SETFL, O_NONBLOCK) != 0)
    return fail_errno("making the helper's channel non-blocking");
  SpawnPlan plan;
  pid_t pid = -1;
  int error = plan.arrange(theirs.fd());
  if (error == 0) error = plan.spawn(pid, program.string(), to_text(deadline));
  if (error != 0) return tl::unexpected{Error{fmt::format("starting {}", program.string()), error}};
  return AuthHelper{std::move(ours), pid};
}

AuthHelper::AuthHelper(AuthHelper&& other) noexcept
    : channel_(std::move(other.channel_)), pid_(std::exchange(other.pid_, -1)) {}

AuthHelper& AuthHelper::operator=(AuthHelper&& other) noexcept {
  if (this != &other) {
    kill_group();
    channel_ = std::move(other.channel_);
    pid_ = std::exchange(other.pid_, -1);
  }
  return *this;
}

AuthHelper::~AuthHelper() { kill_group(); }

void AuthHelper::kill_group() noexcept {
  if (pid_ > 0) ::kill(-pid_, SIGKILL);  // not yet reaped, so the number is still its own
  pid_ = -1;
}

Done AuthHelper::send(const HelperAsk& ask) const { return channel_.send(encode(ask)); }

Result<HelperAnswer> AuthHelper::receive() const {
  ASSIGN_OR_RETURN(const auto frame, channel_.receive());
  return decode_helper_answer(frame.bytes.reveal());
}

}  // namespace sallyport
