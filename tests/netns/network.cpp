// Runs in: tests, as root.
#include "tests/netns/network.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include "tests/catch.h"

namespace sallyport {

namespace {

UniqueFd current_namespace() { return UniqueFd{open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)}; }

UniqueFd bound_socket(const NetNamespace& where, const char* to, std::uint16_t port, int type) {
  return where.in([&] {
    sockaddr_storage storage{};
    const Endpoint endpoint{address(to), port};
    const auto length = endpoint.to_sockaddr(storage);
    UniqueFd fd{socket(storage.ss_family, type | SOCK_CLOEXEC, 0)};
    const int on = 1;
    setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    REQUIRE(bind(fd.get(), reinterpret_cast<sockaddr*>(&storage), length) == 0);
    return fd;
  });
}

}  // namespace

NetNamespace::Visit::Visit(const NetNamespace& there) : home_(current_namespace()) {
  if (setns(there.fd_.get(), CLONE_NEWNET) != 0) std::abort();
}

NetNamespace::Visit::~Visit() {
  if (setns(home_.get(), CLONE_NEWNET) != 0) std::abort();
}

NetNamespace::NetNamespace() {
  const auto home = current_namespace();
  if (unshare(CLONE_NEWNET) != 0) FAIL("making a network namespace needs root");
  fd_ = current_namespace();
  if (setns(home.get(), CLONE_NEWNET) != 0) std::abort();
  run("ip link set lo up");
}

void NetNamespace::run(const std::string& command) const {
  INFO(command);
  REQUIRE(in([&] { return std::system(command.c_str()); }) == 0);
}

std::string NetNamespace::output_of(const std::string& command) const {
  return in([&] {
    std::string text;
    FILE* pipe = popen(command.c_str(), "r");
    if (pipe == nullptr) return text;
    std::array<char, 4096> buffer;
    while (const auto size = std::fread(buffer.data(), 1, buffer.size(), pipe))
      text.append(buffer.data(), size);
    pclose(pipe);
    return text;
  });
}

std::string NetNamespace::path() const { return fmt::format("/proc/{}/fd/{}", getpid(), fd_.get()); }

namespace {

// The number of the gate's end must differ from the number of the other: the kernel takes equal ones for no
// pair, and then tells IPv6 only once a second that there is a carrier.
void link(const NetNamespace& gate, const std::string& ours, const NetNamespace& host,
          const std::string& theirs) {
  const auto index = gate.output_of("ip -brief link | wc -l");
  gate.run(fmt::format("ip link add {} index {} type veth peer name {} netns {}", ours,
                       100 + std::stoi(index), theirs, host.path()));
}

}  // namespace

Network3::Network3() {
  link(gate, "g0", rep, "r0");
  link(gate, "g1", hmc, "h0");
  gate.run("ip addr add 192.0.2.1/24 dev g0; ip addr add 2001:db8::1/64 dev g0 nodad; ip link set g0 up");
  gate.run(
      "ip addr add 198.51.100.1/24 dev g1; ip addr add 2001:db8:1::1/64 dev g1 nodad; ip link set g1 up");
  gate.run("echo 1 > /proc/sys/net/ipv4/ip_forward; echo 1 > /proc/sys/net/ipv6/conf/all/forwarding");
  for (const char* host : {"7", "8", "9"})
    rep.run(
        fmt::format("ip addr add 192.0.2.{0}/24 dev r0; ip addr add 2001:db8::{0}/64 dev r0 nodad", host));
  rep.run("ip link set r0 up; ip route add default via 192.0.2.1; ip -6 route add default via 2001:db8::1");
  hmc.run(
      "ip addr add 198.51.100.10/24 dev h0; ip addr add 2001:db8:1::10/64 dev h0 nodad; ip link set h0 up");
  hmc.run("ip route add default via 198.51.100.1; ip -6 route add default via 2001:db8:1::1");
  meet_neighbours();
}

namespace {

void meet(const NetNamespace& from, const std::string& source, const NetNamespace& to, const char* target) {
  INFO(source << " to " << target);
  REQUIRE(connect(from, source.c_str(), target, 9, listen_at(to, target, 9), 5000));
}

// A host on a link of its own to the gate, by which it routes everything.
void add_host(const NetNamespace& gate, const NetNamespace& host, const std::string& link,
              const std::string& four, const std::string& four_host, const std::string& six,
              const std::string& six_host) {
  sallyport::link(gate, link + "g", host, link + "h");
  gate.run(
      fmt::format("ip addr add {1}.1/24 dev {0}g; ip addr add {2}::1/64 dev {0}g nodad; ip link set {0}g up",
                  link, four, six));
  host.run(fmt::format(
      "ip addr add {1}.{2}/24 dev {0}h; ip addr add {3}::{4}/64 dev {0}h nodad; ip link set {0}h up", link,
      four, four_host, six, six_host));
  host.run(fmt::format("ip route add default via {}.1; ip -6 route add default via {}::1", four, six));
}

}  // namespace

Network5::Network5() {
  add_host(gate, other, "o", "203.0.113", "7", "2001:db8:2", "7");
  add_host(gate, managed, "m", "10.77.0", "20", "fd00:77", "20");
  meet(other, "203.0.113.7", gate, "203.0.113.1");
  meet(other, "2001:db8:2::7", gate, "2001:db8:2::1");
  meet(gate, "10.77.0.1", managed, "10.77.0.20");
  meet(gate, "fd00:77::1", managed, "fd00:77::20");
}

void Network3::meet_neighbours() const {
  for (const char* host : {"7", "8", "9"}) {
    meet(rep, fmt::format("192.0.2.{}", host), gate, "192.0.2.1");
    meet(rep, fmt::format("2001:db8::{}", host), gate, "2001:db8::1");
  }
  meet(gate, "198.51.100.1", hmc, "198.51.100.10");
  meet(gate, "2001:db8:1::1", hmc, "2001:db8:1::10");
  meet(rep, "192.0.2.7", hmc, "198.51.100.10");
  meet(rep, "2001:db8::7", hmc, "2001:db8:1::10");
}

Address address(const char* text) { return Address::parse(text).value(); }

UniqueFd listen_at(const NetNamespace& where, const char* to, std::uint16_t port) {
  auto fd = bound_socket(where, to, port, SOCK_STREAM);
  REQUIRE(::listen(fd.get(), 16) == 0);
  return fd;
}

UniqueFd udp_at(const NetNamespace& where, const char* to, std::uint16_t port) {
  return bound_socket(where, to, port, SOCK_DGRAM);
}

bool readable(int fd, int milliseconds) {
  pollfd poll_fd{fd, POLLIN, 0};
  return poll(&poll_fd, 1, milliseconds) == 1;
}

bool Flow::passes(std::string_view bytes) const {
  if (send(client.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) < 0) return false;
  if (!readable(server.get(), 150)) return false;
  std::array<char, 256> buffer;
  return recv(server.get(), buffer.data(), buffer.size(), 0) > 0;
}

std::optional<Flow> connect(const NetNamespace& where, const char* from, const char* to, std::uint16_t port,
                            const UniqueFd& listener, int milliseconds) {
  auto client = bound_socket(where, from, 0, SOCK_STREAM | SOCK_NONBLOCK);
  sockaddr_storage storage{};
  const auto length = Endpoint{address(to), port}.to_sockaddr(storage);
  ::connect(client.get(), reinterpret_cast<sockaddr*>(&storage),
            length);  // an error shows as no connection below
  if (!readable(listener.get(), milliseconds)) return std::nullopt;
  UniqueFd server{accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC)};
  if (!server) return std::nullopt;
  return Flow{std::move(client), std::move(server)};
}

}  // namespace sallyport
