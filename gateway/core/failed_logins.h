// Who failed to log in on one grant, how often, and what follows from it. Pure; runs in: sallyportd.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "base/endpoint.h"

namespace sallyport {

// What counts as one source, as in auth/throttle.h: an IPv4 address, or the /64 of an IPv6 address.
Network source_of(const Address& address);

// A grant's networks may hold others than its rep, and whoever is in them may fail under the rep's name. So
// one source that failed as often as the policy's limit is closed out itself, and the grant stays open to all
// others; it locks when so many sources failed that somebody is guessing from many places: at three times the
// limit, or at the limit times the sources that its networks hold, if these are fewer. So guesses are
// bounded, by 30 where the limit is 10, and nobody with one address or one /64 can take the grant from its
// rep.
class FailedLogins {
 public:
  // Counts one; what a source fails beyond the limit counts no more.
  void count(const Address& from, std::uint32_t limit);
  bool bars(const Address& from, std::uint32_t limit) const;
  std::uint32_t of(const Address& from) const;
  std::uint32_t total() const noexcept { return total_; }
  // Those that are barred, for people to see.
  std::vector<Network> barred(std::uint32_t limit) const;
  bool lock(const std::vector<Network>& networks, std::uint32_t limit) const;

 private:
  std::map<Network, std::uint32_t> by_source_;  // at most three times the limit
  std::uint32_t total_ = 0;
};

}  // namespace sallyport
