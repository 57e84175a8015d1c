// LiveTable: table inet sallyport_live, owned by one netlink socket. The kernel removes it when that socket
// closes, so a dead monitor leaves nothing open (I4). Runs in: sallyportd (privileged).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "firewall/holdings.h"
#include "firewall/netfilter_socket.h"
#include "firewall/transaction.h"

namespace sallyport {

constexpr const char* kLiveTable = "sallyport_live";

class LiveTable {
 public:
  // With empty sets. Errors say what the kernel lacks, or that another daemon owns the table.
  static Result<LiveTable> create(std::uint32_t mark_bit);

  // One batch. An element that the kernel has dropped at its deadline is as good as removed.
  Verdict apply(const Holdings::Difference& difference, BootTime now);
  // One batch: empties the sets and fills them with exactly these.
  Verdict refill(const std::vector<LiveElement>& elements, BootTime now);
  // Is the table still there, and ours?
  Done check() const;

 private:
  explicit LiveTable(NetfilterSocket socket) : socket_(std::move(socket)) {}

  NetfilterSocket socket_;
};

// What the kernel's live table holds, in nft's words; nothing when there is no such table.
Result<std::vector<std::string>> live_element_lines();
// Those of them that are not in `claimed`. An element whose deadline passes while we look is no residue.
Result<std::vector<std::string>> live_elements_beyond(const std::vector<LiveElement>& claimed);

}  // namespace sallyport
