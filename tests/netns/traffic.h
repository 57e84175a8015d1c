// Streams through the gate, and what of them arrives. Runs in: tests, as root.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <thread>

#include "policies/service.h"
#include "tests/netns/network.h"

namespace sallyport {

// Two ends of one UDP flow, both connected.
std::optional<Flow> udp_flow(const NetNamespace& where, const char* from, const char* to, std::uint16_t port,
                             const UniqueFd& server);
// Either of them.
struct FlowEnds {
  const NetNamespace& rep;
  const char* from;  // an address of rep's
  const char* to;    // an address of the gate's
  const NetNamespace& target;
  const char* at;  // the target's address
};
std::optional<Flow> open_flow(const FlowEnds& ends, Transport transport, std::uint16_t port);

// Does this socket's byte reach that one within 150 ms?
bool passes(const UniqueFd& from, const UniqueFd& to);
// Sends so many bytes both ways at once; do both ends get what the other sent (SHA-256)?
bool carries(const Flow& flow, std::size_t bytes);

// What the other hosts on a link send to this one's port, or from it: how many packets, and when the last
// came, by the kernel's own clock.
class Tap {
 public:
  Tap(const NetNamespace& where, const char* link, Transport transport, std::uint16_t port);
  struct Seen {
    long packets = 0;
    std::chrono::system_clock::time_point last;
  };
  Seen drain();

 private:
  UniqueFd fd_;
  Transport transport_;
  std::uint16_t port_;
};

// Small packets from both ends until it is destroyed, whatever becomes of them.
class Stream {
 public:
  explicit Stream(const Flow& flow);
  ~Stream();

 private:
  std::atomic<bool> stop_ = false;
  std::thread from_client_, from_server_;
};

}  // namespace sallyport
