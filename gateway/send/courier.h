// Courier: brings one destination everything from its position on, at least once and in order. A window of
// records goes over one link; the position moves when the link's end has shown that all of it was read. After
// any other end it is sent again. Runs in: sallyport-send, a process for each destination.
#pragma once

#include <filesystem>

#include "base/clock.h"
#include "gateway/audit/delivery.h"
#include "gateway/audit/follower.h"
#include "gateway/send/journal_changes.h"
#include "gateway/send/link.h"

namespace sallyport {

// What is sent twice at most when a receiver breaks off. Each window costs a connection.
inline constexpr std::size_t kMostInWindow = 5000;

class Courier {
 public:
  struct Place {
    std::filesystem::path journal, delivery;  // a folder, a file
    std::string host;                         // what the gate is called
  };
  Courier(Destination destination, Place place, const Clock& clock, Waiter& waiter)
      : destination_(std::move(destination)),
        place_(std::move(place)),
        clock_(clock),
        waiter_(waiter),
        changes_(place_.journal),
        follower_(place_.journal),
        window_(kMostInWindow) {}

  void run();  // until asked to stop

 private:
  Done begin();
  Done deliver();
  void add(Report report);
  // What comes next, into batch_; false: nothing is there.
  Result<bool> read();
  // The same, having waited a little.
  Result<bool> read_soon(Link& link);
  void await_records();
  Done settle(const Position& position);
  void note(const Error& error);

  Destination destination_;
  Place place_;
  const Clock& clock_;
  Waiter& waiter_;
  JournalChanges changes_;
  Follower follower_;
  bool begun_ = false;
  std::size_t
      window_;  // records: smaller after each that failed, so that a slow receiver can end one in time
  Delivery delivered_;
  std::vector<Report> batch_;
};

}  // namespace sallyport
