// Runs in: sallyport-ssh.
#include "gateway/ssh/leg.h"

#include <limits>
#include <string_view>

#include "base/check.h"
#include "gateway/worker/lifetime.h"

namespace sallyport {

namespace {

// libssh reads 4 KiB a turn. Several turns a wake-up save polls; an end to them keeps the other leg served.
constexpr int kTurnsAtOnce = 64;
// libssh answers an unknown packet or a keepalive at once, into a buffer without a limit. This many rounds,
// so 64 MiB of a peer's, while the peer reads nothing: it does so on purpose.
constexpr int kUnreadRounds = 16384;
// Processor time between two looks at the sockets. The longest honest work, a key exchange with the largest
// groups, takes a tenth of it.
constexpr std::chrono::seconds kLongestWork{2};

}  // namespace

Leg::~Leg() {
  if (event_ && session_) ssh_event_remove_session(event_.get(), session_.get());
}

void Leg::turn() {
  if (!alive()) return;
  if (!event_) {
    event_.reset(ssh_event_new());
    our_bug(!event_, "out of memory");
    ssh_event_add_session(event_.get(), session_.get());
    reads_.emplace(fd());
    counted_ = std::make_unique<ssh_counter_struct>();
    ssh_set_counters(session_.get(), nullptr, counted_.get());
  }
  bool busy = false;
  for (int turns = 0; turns < kTurnsAtOnce && alive(); ++turns) {
    if (ssh_event_dopoll(event_.get(), 0) != SSH_OK) break;
    busy = true;
    if (rounds_ < std::numeric_limits<int>::max()) ++rounds_;
    unread_rounds_ = flushed() ? 0 : unread_rounds_ + 1;
  }
  if (flushed())
    unread_turns_ = unread_rounds_ = 0;
  else if (busy)
    ++unread_turns_;
}

bool Leg::answers_unread() const noexcept { return unread_rounds_ > kUnreadRounds; }

bool Leg::alive() const {
  return session_ && !answers_unread() &&
         (ssh_get_status(session_.get()) & (SSH_CLOSED | SSH_CLOSED_ERROR)) == 0 && fd() >= 0;
}

bool Leg::flushed() const { return (ssh_get_status(session_.get()) & SSH_WRITE_PENDING) == 0; }

short Leg::wanted_events() const {
  const auto flags = ssh_get_poll_flags(session_.get());
  return static_cast<short>(POLLIN | ((flags & SSH_WRITE_PENDING) != 0 ? POLLOUT : 0));
}

int Leg::fd() const { return static_cast<int>(ssh_get_fd(session_.get())); }

bool Leg::wait_until(BootTime deadline, const Clock& clock) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - clock.boot());
  if (left.count() <= 0) return false;
  limit_work(kLongestWork);
  pollfd waiting{fd(), wanted_events(), 0};
  if (poll(&waiting, 1, static_cast<int>(left.count())) < 0 && errno != EINTR) return false;
  turn();
  return true;
}

void Leg::flush_until(BootTime deadline, const Clock& clock) {
  // Until libssh no longer asks for POLLOUT: only then does it send the next packet, a disconnect, at once.
  while (alive() && (wanted_events() & POLLOUT) != 0 && wait_until(deadline, clock)) continue;
}

void Leg::linger_until(BootTime deadline, const Clock& clock) {
  while (alive() && wait_until(deadline, clock)) continue;
}

void Leg::disconnect(const std::string& sentence, BootTime deadline, const Clock& clock) {
  flush_until(deadline, clock);
  if (!alive()) return;
  if (!sentence.empty()) ssh_session_set_disconnect_message(session_.get(), sentence.c_str());
  ssh_disconnect(session_.get());
}

bool Leg::left_politely() const {
  const auto why = error();
  return why.find("SSH_MSG_DISCONNECT") != std::string::npos ||
         why.find("Socket error") != std::string::npos || why.find("Remote closed") != std::string::npos ||
         why.find("error on socket") != std::string::npos;
}

bool Leg::said_goodbye() const {
  // RFC 4253 section 11.1: 11 is SSH_DISCONNECT_BY_APPLICATION.
  return error().find("SSH_MSG_DISCONNECT: 11:") != std::string::npos;
}

std::string Leg::error() const {
  if (answers_unread()) return "the peer does not read what it is answered";
  return ssh_get_error(session_.get());
}

Done wait_a_turn(MonitorClient& monitor, std::initializer_list<Leg*> legs, std::chrono::milliseconds most,
                 std::vector<pollfd> others) {
  limit_work(kLongestWork);
  auto& waiting = others;
  for (Leg* const leg : legs)
    if (leg->alive()) waiting.push_back({leg->fd(), leg->wanted_events(), 0});
  waiting.push_back({monitor.fd(), POLLIN, 0});
  if (poll(waiting.data(), waiting.size(), static_cast<int>(most.count())) < 0 && errno != EINTR)
    return fail_errno("waiting for a peer");
  if (waiting.back().revents != 0) monitor.hear();
  if (monitor.end()) return fail("{}", *monitor.end());
  for (Leg* const leg : legs) leg->turn();
  return {};
}

}  // namespace sallyport
