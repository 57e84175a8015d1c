// Logoff: the sessions of the target's REST API that a rep has left behind are ended at the session's end.
// The worker that served the rep may be taken over, and its way to the target is cut at once; so this is done
// by a worker of its own, which has never heard a rep, over a way of its own, which closes with this.
// Runs in: sallyportd (privileged). Never reads a peer's bytes.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "firewall/firewall.h"
#include "gateway/monitor/dial.h"
#include "gateway/monitor/loop.h"
#include "gateway/monitor/worker_process.h"

namespace sallyport {

struct Gate;

// What a session at the HTTPS door has left at its target, as its worker told.
struct ApiSessions {
  WebTarget target;
  Endpoint at;  // the address that answered
  std::vector<Secret> open;
  std::uint32_t forgotten = 0;  // more than can be kept

  void add(Secret session);
  void remove(const Secret& session);
};

class Logoff {
 public:
  using OnDone = std::function<void(TellLoggedOff)>;

  // Opens the way and dials. Calls `on_done` once, from the loop, three seconds later at the most; never
  // after destruction.
  static Result<std::unique_ptr<Logoff>> start(Gate& gate, ApiSessions sessions, OnDone on_done);
  Logoff(const Logoff&) = delete;
  Logoff& operator=(const Logoff&) = delete;

  bool is_done() const noexcept { return done_; }

 private:
  Logoff(Gate& gate, ApiSessions sessions, Lease way, OnDone on_done);
  void on_dialled(Result<Dial::Connected> dialled);
  void on_message();
  void finish(TellLoggedOff told);
  void close() noexcept;
  void fail_with(std::string why);

  Gate& gate_;
  ApiSessions sessions_;
  std::optional<Lease> way_;
  OnDone on_done_;
  std::unique_ptr<Dial> dial_;
  std::optional<WorkerProcess> worker_;
  UniqueFd socket_;  // our copy: shutting it down tells the target before the way closes
  Watch messages_;
  Timer deadline_, last_;
  bool done_ = false;
};

}  // namespace sallyport
