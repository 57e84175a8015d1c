// LiveTable: table inet sallyport_live, owned by one netlink socket. The kernel removes it when that socket
// closes, so a dead monitor leaves nothing open (I4). Runs in: sallyportd (privileged).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "firewall/holdings.h"
#include "firewall/live_rules.h"
#include "firewall/netfilter_socket.h"
#include "firewall/transaction.h"

namespace sallyport {

class LiveTable {
 public:
  // With empty sets. `gate`: its service addresses, the only ones whose packets are forwarded. Errors say
  // what the kernel lacks, or that another daemon owns the table.
  static Result<LiveTable> create(std::uint32_t mark_bit, const std::vector<Address>& gate);
  // Linux 6.3 removes, within a batch, what may not be there. Without that, meters go in a batch of their
  // own.
  void assume_old_kernel() { can_destroy_ = false; }

  // One batch. An element that the kernel has dropped at its deadline is as good as removed. The meters of
  // what is removed for good go with it.
  Verdict apply(const Holdings::Difference& difference, BootTime now);
  // One batch: empties the sets and fills them with exactly these.
  Verdict refill(const std::vector<Passage>& passages, BootTime now);
  // The gate's service addresses from now on. One batch.
  Verdict set_gate(const std::vector<Address>& gate);
  // What the packets of a passage have counted; nothing before the first packet.
  Result<Volume> volume(Meters meters, const Passage& passage);
  // Is the table still there, and ours?
  Done check() const;

 private:
  explicit LiveTable(NetfilterSocket socket) : socket_(std::move(socket)) {}
  Verdict apply_one_by_one(const Holdings::Difference& difference, BootTime now);
  void probe_destroying();
  void remove_meters(const Holdings::Difference& difference);

  NetfilterSocket socket_;
  bool can_destroy_ = true;
};

// `opener . transport . port`, or of a dial `target . transport . port`.
SetKey key_of(const Passage& passage);
// The element that a passage has in a set; not the deadline.
Element element_of(const Passage& passage, LiveSet set);
struct LiveElements {
  std::vector<SetElement> elements;  // of the sets that open something
  std::map<SetKey, Volume> in, out;  // by opener, transport and port
};
// What the kernel's live table holds now; nothing when there is no such table.
Result<LiveElements> read_live_elements();
// In nft's words: "element inet sallyport_live admitted4 { 192.0.2.7 . tcp . 22 expires 14m59s }".
std::string line_of(const SetElement& element);

}  // namespace sallyport
