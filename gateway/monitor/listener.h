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
  using OnConnection = std::function<void(UniqueFd socket, const Endpoint& peer)>;
  Listener(Loop& loop, OnConnection on_connection) : loop_(&loop), on_connection_(std::move(on_connection)) {}

  // Listens on all of `endpoints` or none; does nothing when it does so already.
  Done listen(const std::vector<Endpoint>& endpoints);
  void close() { doors_.clear(); }
  std::vector<Endpoint> listening() const;

 private:
  struct Door {
    Endpoint endpoint;
    UniqueFd socket;
    Watch watch;  // destroyed before the socket it borrows
  };
  void accept_some(int socket);
  Loop* loop_;
  OnConnection on_connection_;
  std::vector<Door> doors_;
};

}  // namespace sallyport
