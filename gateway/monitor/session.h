// Session: what the monitor keeps of a grant's single use while it lasts.
// Runs in: sallyportd (privileged). Never reads a peer's bytes.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "firewall/firewall.h"
#include "gateway/audit/recording_store.h"
#include "gateway/core/end_warnings.h"
#include "gateway/core/file_record.h"
#include "gateway/core/grant_record.h"
#include "gateway/core/idle_clock.h"
#include "gateway/monitor/logoff.h"
#include "gateway/monitor/loop.h"

namespace sallyport {

using TrafficByPort = std::map<std::pair<Transport, Port>, Traffic>;
using PeerId = std::uint64_t;
inline constexpr PeerId kNoPeer = 0;

struct Session {
  std::string name;  // "s-…"
  // Who is in, by one door or by both, with what each has relayed; and the sum, with those that have left.
  std::map<PeerId, Counters> peers;
  Counters counters;
  TrafficByPort traffic;                     // what the kernel counted, as last read
  std::vector<ServiceTraffic> told_traffic;  // to watching consoles
  IdleClock activity;
  std::uint32_t next_channel = 1;
  std::map<std::uint32_t, PeerId> open_channels;  // whose each is
  std::map<std::uint32_t, Recording> recordings;  // by channel; those still open
  FileAccount files;
  EndWarnings warnings;

  // While an admin has paused it: nothing of the rep's goes to the target.
  struct Pause {
    std::string by;
    WallTime at;
    std::string refusal;  // of what the rep would begin meanwhile, for its eyes
  };
  std::optional<Pause> pause;

  // Of the target's REST API, to be ended with this one.
  std::optional<ApiSessions> api;
  std::unique_ptr<Logoff> logoff;

  // Set when it is ending: nothing more is granted, and the rep is being told.
  bool ending = false;
  std::string end_reason, ended_by;
  bool waits_for_logoff = false;  // nothing else is left to be done
  Timer grace;
};

}  // namespace sallyport
