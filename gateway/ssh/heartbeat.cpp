// Runs in: sallyport-ssh.
#include "gateway/ssh/heartbeat.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <chrono>

namespace sallyport {

namespace {

using std::chrono_literals::operator""s;
using std::chrono_literals::operator""ms;

constexpr auto kLook = 500ms;
constexpr auto kInterval = 15s;
// Three beats without an echo. With the second that a turn may take, well below the minute that is promised.
constexpr auto kSilence = 45s;
// A peer that takes nothing has closed its window, and its kernel is asked ever more rarely whether it has
// opened it again, up to two minutes apart. So many of these questions without an answer are silence too.
constexpr int kUnansweredProbes = 3;

// What the kernel knows of the connection; empty when it is none.
std::optional<tcp_info> kernel_view(int socket) {
  tcp_info info{};
  socklen_t size = sizeof info;
  if (getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return std::nullopt;
  return info;
}

bool window_is_shut(const tcp_info& info) { return info.tcpi_unacked == 0 && info.tcpi_notsent_bytes > 0; }

}  // namespace

void Heartbeat::beat(Leg& leg, BootTime now) {
  if (!leg.alive() || now - looked_ < kLook) return;
  looked_ = now;
  const auto info = kernel_view(leg.fd());
  if (!info) return;
  const std::chrono::milliseconds quiet{info->tcpi_last_ack_recv};
  stopped_ = window_is_shut(*info) ? info->tcpi_probes >= kUnansweredProbes : quiet >= kSilence;
  if (quiet < kInterval || now - beaten_ < kInterval || !leg.flushed()) return;
  beaten_ = now;
  ssh_send_ignore(leg.get(), "");
}

}  // namespace sallyport
