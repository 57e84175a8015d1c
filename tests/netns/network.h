// Network namespaces in a row, rep - gate - hmc, two more beside the gate, and sockets in them. Runs in:
// tests, as root.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "base/endpoint.h"
#include "base/unique_fd.h"

namespace sallyport {

// A socket belongs for ever to the namespace that its maker was in, so one process can play every host.
class NetNamespace {
 public:
  NetNamespace();
  template <class Act>
  auto in(const Act& act) const {
    const Visit visit{*this};
    return act();
  }
  void run(const std::string& command) const;  // a shell command that must succeed
  std::string output_of(const std::string& command) const;
  std::string path() const;  // for ip(8)

 private:
  class Visit {
   public:
    explicit Visit(const NetNamespace& there);
    ~Visit();

   private:
    UniqueFd home_;
  };
  UniqueFd fd_;
};

// rep  192.0.2.7, .8, .9, 2001:db8::7, ::8  --  192.0.2.1, 2001:db8::1  gate
// gate 198.51.100.1, 2001:db8:1::1          --  198.51.100.10, 2001:db8:1::10  hmc
// The gate forwards, and the rep routes to the HMC's network through it: what does not pass was refused.
struct Network3 {
  Network3();
  NetNamespace rep, gate, hmc;

 private:
  // A refusal must not be mistaken for a neighbour that has not been found yet.
  void meet_neighbours() const;
};

// And two more, beside the gate:
// gate 203.0.113.1, 2001:db8:2::1   --  203.0.113.7, 2001:db8:2::7    other, which routes everything by the
// gate gate 10.77.0.1, fd00:77::1        --  10.77.0.20, fd00:77::20       managed, a server that the HMC
// manages
struct Network5 : Network3 {
  Network5();
  NetNamespace other, managed;
};

Address address(const char* text);
UniqueFd listen_at(const NetNamespace& where, const char* to, std::uint16_t port);
UniqueFd udp_at(const NetNamespace& where, const char* to, std::uint16_t port);

// Two ends of one TCP connection.
struct Flow {
  UniqueFd client;
  UniqueFd server;
  bool passes(std::string_view bytes = "x") const;  // do the client's bytes reach the server within 150 ms?
};
// Nothing when the SYN is not answered within 150 ms: long enough, as every host already knows its
// neighbours.
std::optional<Flow> connect(const NetNamespace& where, const char* from, const char* to, std::uint16_t port,
                            const UniqueFd& listener, int milliseconds = 150);
bool readable(int fd, int milliseconds);

}  // namespace sallyport
