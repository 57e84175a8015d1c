// FirewallKeeper: keeps the gate's firewall as the gate needs it, against foreign hands: looks when the
// kernel tells of a change to our tables, and once a second whatever it tells; repairs, journals who it was,
// and ends every session when the deny side was gone. Runs in: sallyportd (privileged). Never reads a peer's
// bytes.
#pragma once

#include <optional>

#include "firewall/watch.h"
#include "gateway/monitor/gate.h"

namespace sallyport {

class FirewallKeeper {
 public:
  // Without a watch it only looks when it is told to.
  explicit FirewallKeeper(Gate& gate) : gate_(gate) {}
  FirewallKeeper(const FirewallKeeper&) = delete;
  FirewallKeeper& operator=(const FirewallKeeper&) = delete;

  // Subscribes to the kernel's notifications, in the network namespace of the gate.
  Done watch();
  // Once a second: the watch may have missed something, or lies broken.
  void look();
  // What the kernel told, against what it holds.
  void consider(FirewallNews news);

 private:
  void on_readable();
  FirewallNews hear();
  void repair(FirewallNews news, const Error& found);
  void journal(const char* event, const FirewallNews& news, const std::string& found);

  Gate& gate_;
  std::optional<FirewallWatch> watch_;
  Watch readable_;  // destroyed before the socket it borrows
};

// Makes the kernel hold again what the grants imply, after every opening may have been lost: what an armed
// grant had is opened anew, an active one's session ends. Also the way back when the live table is gone.
Done reopen_doors(Gate& gate);

}  // namespace sallyport
