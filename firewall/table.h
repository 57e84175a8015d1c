// Table: what one nftables table of ours holds, either as we ask for it or as the kernel has it.
// Runs in: sallyportd (privileged).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "firewall/firewall.h"
#include "firewall/nft_handles.h"
#include "firewall/set_key.h"

namespace sallyport {

struct Element {
  SetKey key;
  SetKey end = {};                 // of a range; empty: the key alone
  SetKey data = {};                // of a map: where the key leads; empty in a set
  std::uint64_t milliseconds = 0;  // until the kernel drops it; 0: never

  // In nft's words, without the deadline: "192.0.2.7 . tcp . 22 : 198.51.100.10".
  std::string key_text() const { return key.text(end.empty() ? key : end); }
  std::string text() const { return data.empty() ? key_text() : key_text() + " : " + data.text(); }
};

// One element of a named set.
struct SetElement : Element {
  std::string set;
  std::optional<Volume> volume = {};  // what a counted set has counted for it
};

struct Table {
  std::string name;
  std::uint32_t flags = 0;
  std::uint32_t owner = 0;  // the netlink port that owns it, if any; only in what was read
  std::vector<NftChain> chains;
  std::vector<NftSet> sets;
  std::vector<NftRule> rules;
  std::vector<SetElement> elements;

  // A base chain of `type` ("filter", "nat") with policy accept.
  void add_chain(const char* chain, const char* type, std::uint32_t hook, std::int32_t priority);

  // One line for each set, chain and rule, in an order that does not depend on when they were made. Equal
  // lines mean an equal effect on packets. Ours, not libnftnl's text, which changes with its version.
  std::vector<std::string> shape() const;
  // One line for each element, sorted, without deadlines.
  std::vector<std::string> element_lines() const;
};

// The kernel's table `name` of family inet, or nothing when there is none.
Result<std::optional<Table>> read_table(const std::string& name);
// As read_table, the elements of all its sets only; nothing when there is no such table.
Result<std::vector<SetElement>> read_elements(const std::string& name);
// As read_table, its flags and owner only.
Result<std::optional<Table>> read_table_header(const std::string& name);
// What the last element in the kernel's answer about a set has counted, if it counts.
std::optional<Volume> parse_volume(const nlmsghdr* message);

}  // namespace sallyport
