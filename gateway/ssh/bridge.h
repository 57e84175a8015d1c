// Bridge: relays the rep's channels to the target and back, until something ends it. Runs in: sallyport-ssh.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gateway/ssh/heartbeat.h"
#include "gateway/ssh/rep_channel.h"
#include "gateway/ssh/rep_side.h"

namespace sallyport {

class Bridge {
 public:
  // `most_channels` open at once. `notice` is shown on the rep's first terminal.
  Bridge(RepSide& rep, Leg& target, MonitorClient& monitor, std::size_t most_channels, std::string notice,
         const Clock& clock);

  // Serves the session to its end, tells the rep why it ended, and returns the worker's last word.
  TellFinished run();

 private:
  std::vector<pollfd> awaited() const;
  bool turn_channels();
  // How many requests were heard; there may be more than one turn answers.
  int hear_rep();
  void open_channel(SshMessage message);
  void on_channel_request(SshMessage message);
  template <class Predicate>
  void drop_channels(Predicate is_over);
  void show_notice(RepChannel& channel);
  void show_warnings();
  void report_activity();
  // Whether the session is over, and why.
  std::optional<Ending> ending() const;
  void farewell(const Ending& ending);
  std::uint64_t to_target() const;
  std::uint64_t from_target() const;

  RepSide* rep_;
  Leg* target_;
  MonitorClient* monitor_;
  std::size_t most_channels_;
  std::string notice_;
  const Clock* clock_;
  std::vector<std::unique_ptr<RepChannel>> channels_;
  std::uint64_t done_to_target_ = 0, done_from_target_ = 0;  // of channels that are over
  std::uint64_t reported_ = 0;
  BootTime reported_at_{};
  Heartbeat rep_heart_, target_heart_;
};

}  // namespace sallyport
