// Throttle: how many may be at the door at once, and how long a source that failed must wait. Pure.
// Runs in: sallyportd.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>

#include "base/clock.h"
#include "base/endpoint.h"
#include "base/result.h"

namespace sallyport {

// What counts as one source: an IPv4 address, or the /64 of an IPv6 address, because whoever holds one
// address of a /64 as a rule holds them all.
class Source {
 public:
  explicit Source(const Address& address);
  auto operator<=>(const Source&) const = default;

 private:
  Address first_;
};

struct ThrottleLimits {
  std::size_t connections = 16;                      // not yet authenticated, in all
  std::size_t connections_per_source = 4;            // of these, from one source
  double connections_a_second = 20;                  // from one source; so many at once after a quiet while
  std::uint32_t free_failures = 2;                   // mistyping costs nothing
  std::chrono::milliseconds first_penalty{1000};     // after the next failure; doubles with each further one
  std::chrono::milliseconds longest_penalty{30000};  // well below the time to log in: slow, never locked out
  std::chrono::seconds half_life{60};  // a source that keeps quiet for so long is forgiven half its failures
  std::size_t sources = 4096;          // remembered, of those that failed and of those that connected
};

// Counting is per source only, never per name, so it tells nothing about who exists (I11), and nobody can
// lock another's name. The memory is bounded: beyond `sources` the one whose last failure is longest ago is
// forgotten. Who commands more than 4096 IPv4 addresses or /64s therefore escapes the penalty, not the limits
// on connections nor the failures counted per grant.
class Throttle {
 public:
  // A place at the door. Destroying it gives the place back; the throttle must outlive it.
  class Ticket {
   public:
    Ticket(Ticket&& other) noexcept;
    Ticket& operator=(Ticket&& other) noexcept;
    Ticket(const Ticket&) = delete;
    Ticket& operator=(const Ticket&) = delete;
    ~Ticket() { leave(); }

   private:
    friend class Throttle;
    Ticket(Throttle& throttle, Source source) : throttle_(&throttle), source_(source) {}
    void leave() noexcept;
    Throttle* throttle_;
    Source source_;
  };

  Throttle(const Clock& clock, ThrottleLimits limits) : clock_(clock), limits_(limits) {}
  Throttle(const Throttle&) = delete;  // tickets point here
  Throttle& operator=(const Throttle&) = delete;

  // A place for a new connection, kept until it is authenticated or gone. Error: all places, or all of this
  // source's, are taken, or this source connects too often; the connection is to be closed unread.
  Result<Ticket> admit(const Address& address);
  // A connection that takes no place, because somebody from there has one or is in already. Error: this
  // source connects too often.
  Done admit_another(const Address& address);

  // A login from here has failed.
  void failed(const Address& address);

  // By how much the answer to a failed login from here is to be put off: 0 at first, then doubling, then
  // fading.
  std::chrono::milliseconds penalty(const Address& address) const;

  std::size_t connections() const noexcept { return connections_; }
  std::size_t remembered() const noexcept { return failures_.size(); }

 private:
  struct Failures {
    double count = 0;  // as of `last`; halves every half_life
    BootTime last;
  };
  // What is left of a source's connections for this second (a token bucket).
  struct Allowance {
    double left = 0;  // as of `last`
    BootTime last;
  };
  bool connects_too_often(const Source& source);
  double count_now(const Failures& failures) const;

  const Clock& clock_;
  ThrottleLimits limits_;
  std::size_t connections_ = 0;
  std::map<Source, std::size_t> connections_of_;
  std::map<Source, Failures> failures_;
  std::map<Source, Allowance> allowances_;
};

}  // namespace sallyport
