// Dial: connects to a target's addresses in order, at most three seconds each, without blocking the loop.
// Runs in: sallyportd (privileged). Never reads a peer's bytes.
#pragma once

#include <functional>
#include <vector>

#include "base/endpoint.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "gateway/monitor/loop.h"

namespace sallyport {

class Dial {
 public:
  struct Connected {
    UniqueFd socket;
    Endpoint endpoint;
  };
  using OnDone = std::function<void(Result<Connected>)>;

  // Calls `on_done` once, from the loop; never after destruction.
  Dial(Loop& loop, std::vector<Endpoint> endpoints, OnDone on_done);
  Dial(const Dial&) = delete;
  Dial& operator=(const Dial&) = delete;

 private:
  void try_next();
  void on_writable();
  void failed(int code);
  Loop* loop_;
  std::vector<Endpoint> endpoints_;
  OnDone on_done_;
  std::size_t next_ = 0;
  std::string tried_;  // "198.51.100.20:22: Connection refused; …"
  UniqueFd socket_;
  Watch watch_;
  Timer timer_;
};

}  // namespace sallyport
