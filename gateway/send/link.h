// Link: one connection to a destination, over which a batch of reports goes and is then known to be taken.
// Runs in: sallyport-send.
#pragma once

#include <memory>
#include <vector>

#include "gateway/send/report.h"
#include "gateway/send/waiter.h"
#include "policies/destination.h"

namespace sallyport {

class Link {
 public:
  virtual ~Link() = default;
  // Given to the kernel, all of it. An Error ends the link: nothing is known then of what was given before.
  virtual Done send(const std::vector<Report>& reports) = 0;
  // Ends the link. Success only if the other side has read every byte.
  virtual Done finish() = 0;
  // Readable when the other side said something, or went; alive() then tells. -1: it cannot be known.
  virtual int descriptor() const = 0;
  virtual Done alive() = 0;
};

// `host`: what the gate is called in what it sends.
Result<std::unique_ptr<Link>> open_link(const Destination& destination, const std::string& host,
                                        Waiter& waiter);

}  // namespace sallyport
