// Listener: the gate's service sockets, which exist only while a grant is armed or active (I1).
// Runs in: sallyportd (privileged). Accepts; never reads a peer's bytes.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/endpoint.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "gateway/monitor/loop.h"

namespace sallyport {

class Listener {
 public:
  // `at`: which of the endpoints it came to.
  using OnConnection = std::function<void(UniqueFd socket, const Endpoint& peer, const Endpoint& at)>;
  Listener(Loop& loop, OnConnection on_connection) : loop_(&loop), on_connection_(std::move(on_connection)) {}

  // Listens on all of `endpoints` or none; where it does so already nobody who waits there is turned away.
  Done listen(const std::vector<Endpoint>& endpoints);
  void close() { doors_.clear(); }
  std::vector<Endpoint> listening() const;

 private:
  struct Door {
    Endpoint endpoint;
    UniqueFd socket;
    Watch watch;  // destroyed before the socket it borrows
  };
  Result<Door> open(const Endpoint& endpoint);
  bool is_open(int socket) const;
  void accept_some(int socket, Endpoint at);
  Loop* loop_;
  OnConnection on_connection_;
  std::vector<Door> doors_;
};

}  // namespace sallyport
