// Runs in: tests, as root.
#include "tests/netns/traffic.h"

#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <random>
#include <vector>

#include "tests/catch.h"

namespace sallyport {

using namespace std::chrono_literals;

namespace {

void connect_to(const UniqueFd& fd, const Endpoint& peer) {
  sockaddr_storage storage{};
  const auto length = peer.to_sockaddr(storage);
  REQUIRE(::connect(fd.get(), reinterpret_cast<sockaddr*>(&storage), length) == 0);
}

std::vector<std::uint8_t> random_bytes(std::size_t size, unsigned seed) {
  std::mt19937 random{seed};
  std::vector<std::uint8_t> bytes(size);
  std::ranges::generate(bytes, [&] { return static_cast<std::uint8_t>(random()); });
  return bytes;
}

bool send_all(const UniqueFd& fd, const std::vector<std::uint8_t>& bytes) {
  for (std::size_t at = 0; at < bytes.size();) {
    pollfd writable{fd.get(), POLLOUT, 0};
    if (poll(&writable, 1, 5000) != 1) return false;
    const auto sent = send(fd.get(), bytes.data() + at, bytes.size() - at, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno != EAGAIN) return false;
    if (sent > 0) at += static_cast<std::size_t>(sent);
  }
  return true;
}

bool receives(const UniqueFd& fd, const std::vector<std::uint8_t>& wanted) {
  std::vector<std::uint8_t> bytes(wanted.size());
  for (std::size_t at = 0; at < bytes.size();) {
    if (!readable(fd.get(), 5000)) return false;
    const auto got = recv(fd.get(), bytes.data() + at, bytes.size() - at, 0);
    if (got <= 0) return false;
    at += static_cast<std::size_t>(got);
  }
  return bytes == wanted;
}

// Of an IP packet: its transport and ports.
struct Header {
  int transport = 0;
  std::uint16_t source = 0, destination = 0;
};
Header header_of(const std::uint8_t* packet, std::size_t size) {
  if (size < 48) return {};
  const bool six = packet[0] >> 4 == 6;
  const std::size_t ports = six ? 40 : static_cast<std::size_t>(packet[0] & 15) * 4;
  const auto number = [&](std::size_t at) {
    return static_cast<std::uint16_t>(packet[at] << 8 | packet[at + 1]);
  };
  return {packet[six ? 6 : 9], number(ports), number(ports + 2)};
}

std::chrono::system_clock::time_point stamp_of(msghdr& message) {
  for (auto* part = CMSG_FIRSTHDR(&message); part != nullptr; part = CMSG_NXTHDR(&message, part))
    if (part->cmsg_level == SOL_SOCKET && part->cmsg_type == SCM_TIMESTAMPNS) {
      const auto* time = reinterpret_cast<const timespec*>(CMSG_DATA(part));
      return std::chrono::system_clock::time_point{std::chrono::seconds{time->tv_sec} +
                                                   std::chrono::nanoseconds{time->tv_nsec}};
    }
  return {};
}

}  // namespace

std::optional<Flow> udp_flow(const NetNamespace& where, const char* from, const char* to, std::uint16_t port,
                             const UniqueFd& server) {
  auto client = udp_at(where, from, 0);
  connect_to(client, {address(to), port});
  char byte = 'u';
  REQUIRE(send(client.get(), &byte, 1, 0) == 1);
  if (!readable(server.get(), 150)) return std::nullopt;
  sockaddr_storage peer{};
  socklen_t size = sizeof peer;
  REQUIRE(recvfrom(server.get(), &byte, 1, 0, reinterpret_cast<sockaddr*>(&peer), &size) == 1);
  REQUIRE(::connect(server.get(), reinterpret_cast<sockaddr*>(&peer), size) == 0);
  return Flow{std::move(client), UniqueFd{dup(server.get())}};
}

std::optional<Flow> open_flow(const FlowEnds& ends, Transport transport, std::uint16_t port) {
  if (transport == Transport::tcp)
    return connect(ends.rep, ends.from, ends.to, port, listen_at(ends.target, ends.at, port));
  return udp_flow(ends.rep, ends.from, ends.to, port, udp_at(ends.target, ends.at, port));
}

bool passes(const UniqueFd& from, const UniqueFd& to) {
  char byte = 'p';
  return send(from.get(), &byte, 1, MSG_NOSIGNAL | MSG_DONTWAIT) == 1 && readable(to.get(), 150) &&
         recv(to.get(), &byte, 1, 0) == 1;
}

bool carries(const Flow& flow, std::size_t bytes) {
  const auto there = random_bytes(bytes, 1), back = random_bytes(bytes, 2);
  bool arrived = false;
  std::thread receiver{[&] { arrived = receives(flow.server, there); }};
  std::thread answerer{[&] { send_all(flow.server, back); }};
  bool answered = false;
  std::thread reader{[&] { answered = receives(flow.client, back); }};
  const bool sent = send_all(flow.client, there);
  receiver.join();
  answerer.join();
  reader.join();
  return sent && arrived && answered;
}

Tap::Tap(const NetNamespace& where, const char* link, Transport transport, std::uint16_t port)
    : transport_(transport), port_(port) {
  where.in([&] {
    fd_ = UniqueFd{socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, htons(ETH_P_ALL))};
    REQUIRE(fd_.get() >= 0);
    const int on = 1, room = 64 << 20;
    REQUIRE(setsockopt(fd_.get(), SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on) == 0);
    REQUIRE(setsockopt(fd_.get(), SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room) == 0);
    sockaddr_ll place{};
    place.sll_family = AF_PACKET;
    place.sll_protocol = htons(ETH_P_ALL);
    place.sll_ifindex = static_cast<int>(if_nametoindex(link));
    REQUIRE(bind(fd_.get(), reinterpret_cast<sockaddr*>(&place), sizeof place) == 0);
    return 0;
  });
}

Tap::Seen Tap::drain() {
  Seen seen;
  std::array<std::uint8_t, 128> packet;
  std::array<char, 256> control;
  sockaddr_ll from{};
  for (;;) {
    iovec part{packet.data(), packet.size()};
    msghdr message{&from, sizeof from, &part, 1, control.data(), control.size(), 0};
    const auto size = recvmsg(fd_.get(), &message, 0);
    if (size < 0) return seen;
    const auto header = header_of(packet.data(), static_cast<std::size_t>(size));
    if (from.sll_pkttype == PACKET_OUTGOING || header.transport != static_cast<int>(transport_) ||
        (header.source != port_ && header.destination != port_))
      continue;
    ++seen.packets;
    seen.last = std::max(seen.last, stamp_of(message));
  }
}

Stream::Stream(const Flow& flow) {
  const auto pump = [this](int fd) {
    return std::thread{[this, fd] {
      const int on = 1;
      setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      std::array<char, 4096> sink;
      const std::string data(32, 's');
      for (; !stop_; std::this_thread::sleep_for(100us)) {
        (void)!send(fd, data.data(), data.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        while (recv(fd, sink.data(), sink.size(), MSG_DONTWAIT) > 0) {
        }
      }
    }};
  };
  from_client_ = pump(flow.client.get());
  from_server_ = pump(flow.server.get());
}

Stream::~Stream() {
  stop_ = true;
  from_client_.join();
  from_server_.join();
}

}  // namespace sallyport
