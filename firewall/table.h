// Table: what one nftables table of ours holds, either as we ask for it or as the kernel has it.
// Runs in: sallyportd (privileged).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "firewall/nft_handles.h"
#include "firewall/set_key.h"

namespace sallyport {

// One element of a set.
struct SetElement {
  std::string set;
  SetKey key;
  SetKey end;                           // of a range; empty: the key alone
  std::uint64_t milliseconds_left = 0;  // until the kernel drops it; 0: never
};

struct Table {
  std::string name;
  std::uint32_t flags = 0;
  std::uint32_t owner = 0;  // the netlink port that owns it, if any; only in what was read
  std::vector<NftChain> chains;
  std::vector<NftSet> sets;
  std::vector<NftRule> rules;
  std::vector<SetElement> elements;

  // A base chain of type filter with policy accept.
  void add_chain(const char* chain, std::uint32_t hook, std::int32_t priority);

  // One line for each set, chain and rule, in an order that does not depend on when they were made. Equal
  // lines mean an equal effect on packets. Ours, not libnftnl's text, which changes with its version.
  std::vector<std::string> shape() const;
  // One line for each element, sorted, without deadlines.
  std::vector<std::string> element_lines() const;
};

// The kernel's table `name` of family inet, or nothing when there is none.
Result<std::optional<Table>> read_table(const std::string& name);
// As read_table, its flags and owner only.
Result<std::optional<Table>> read_table_header(const std::string& name);

}  // namespace sallyport
