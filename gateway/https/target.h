// Target: the connections to the HMC: the first comes with the login, more are asked of the monitor when they
// are needed, and each is used again while the HMC keeps it open. Runs in: sallyport-https.
#pragma once

#include <memory>
#include <vector>

#include "gateway/https/inbox.h"
#include "gateway/https/stream.h"
#include "gateway/worker/monitor_client.h"

namespace sallyport {

// Something has come from the monitor.
class Signal {
 public:
  explicit Signal(asio::io_context& io) : timer_(io, Moment::max()) {}
  Task<> wait();
  void raise() { timer_.cancel(); }

 private:
  Timer timer_;
};

struct Upstream {
  Upstream(std::unique_ptr<Stream> made, std::uint32_t number)
      : stream(std::move(made)), inbox(*stream), channel(number) {}
  std::unique_ptr<Stream> stream;
  Inbox inbox;
  std::uint32_t channel;  // the monitor's number; 0: the first connection, which has none
  std::uint64_t to_target = 0, from_target = 0;
  bool used = false;  // for a request before this one: the HMC may close it at any time
  Moment idle_since{};
};

// An HMC is known, and sends more headers than browsers do.
inline constexpr http::HeadLimits kTargetHeadLimits{8 * 1024, 32 * 1024, 128 * 1024, 256};

// What the target at this authority is asked for in TLS; empty where it is called by its address (RFC 6066,
// section 3).
std::string server_name_of(const std::string& authority);
// TLS version and cipher.
Negotiated negotiated_by(const SSL* tls);

class Target {
 public:
  Target(asio::io_context& io, Streams& streams, MonitorClient& monitor, Signal& heard)
      : io_(io), streams_(streams), monitor_(monitor), heard_(heard) {}

  // The first connection. An Error has told the monitor why the target cannot be used, and says it to the
  // rep.
  Task<Result<Negotiated>> begin(GrantedWebTarget granted, TlsProfile profile);
  // A connection from before that can be used again, or nothing; and a new one.
  std::unique_ptr<Upstream> take_idle();
  Task<Result<std::unique_ptr<Upstream>>> make();
  void give_back(std::unique_ptr<Upstream> upstream);
  void drop(std::unique_ptr<Upstream> upstream);
  void drop_idle(Moment now);
  // While an admin has paused the session, nothing of the rep's goes to the target; nor after its end.
  bool is_released() const { return !monitor_.holds_rep() && !monitor_.end(); }
  Task<bool> until_released();
  const WebTarget& facts() const noexcept { return facts_; }

 private:
  Task<Result<std::unique_ptr<Stream>>> shake_hands(UniqueFd socket);
  asio::io_context& io_;
  Streams& streams_;
  MonitorClient& monitor_;
  Signal& heard_;
  WebTarget facts_;
  TargetFault fault_ = TargetFault::protocol;  // of the last handshake that failed
  TlsContext context_;
  std::vector<std::unique_ptr<Upstream>> idle_;
};

}  // namespace sallyport
