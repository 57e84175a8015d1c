// Metrics: follows the journal and says in numbers what it and the gate's files tell. Runs in:
// sallyport-metrics.
#pragma once

#include <filesystem>
#include <string>

#include "gateway/audit/follower.h"
#include "gateway/metrics/journal_counts.h"

namespace sallyport {

class Metrics {
 public:
  // Counts begin with the last segment of the journal: it tells what is still live, and reading it costs what
  // a start of the gate costs, whatever the history. So counters begin anew at each start, as OpenMetrics
  // lets them (`_created`); a snapshot of our own would be a second memory beside the journal, to be kept and
  // believed.
  static Result<Metrics> open(const std::filesystem::path& state,
                              const std::filesystem::path& control_socket);

  // Reads what is new, so much at a time that whoever waits for an answer does not wait long.
  Follower::More read_on();
  std::string text() const;

 private:
  Metrics(std::filesystem::path state, std::filesystem::path control_socket, Follower follower)
      : state_(std::move(state)),
        control_socket_(std::move(control_socket)),
        follower_(std::move(follower)) {}
  void write_state(Exposition& out) const;
  void write_lag(Exposition& out) const;

  std::filesystem::path state_, control_socket_;
  Follower follower_;
  JournalCounts counts_;
  bool readable_ = true;    // the journal's files could be read the last time
  bool caught_up_ = false;  // and there was nothing more
};

}  // namespace sallyport
