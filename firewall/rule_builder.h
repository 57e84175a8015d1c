// RuleBuilder: one rule, expression by expression, named as in nft. Runs in: sallyportd (privileged).
#pragma once

#include <cstdint>

#include "base/endpoint.h"
#include "firewall/nft_handles.h"
#include "firewall/table.h"

namespace sallyport {

// Fields of a concatenation go into adjacent 32-bit registers: `word` counts them from 0. An IPv4 address
// takes one, an IPv6 address four.
class RuleBuilder {
 public:
  RuleBuilder(Table& table, const char* chain);

  // meta nfproto ipv4|ipv6: without it, ip daddr would read an IPv6 packet's bytes.
  RuleBuilder& of_family(Family family);
  // ip daddr
  RuleBuilder& destination_address(Family family, std::uint32_t word);
  // meta l4proto
  RuleBuilder& transport(std::uint32_t word);
  // th dport
  RuleBuilder& destination_port(std::uint32_t word);
  // ct original ip saddr: of the connection's opener, whichever direction this packet goes. A packet that
  // conntrack does not know, or of the other family, ends the rule.
  RuleBuilder& opener_address(Family family, std::uint32_t word);
  // ct original proto-dst: the port that the opener asked for, before any translation.
  RuleBuilder& opened_port(std::uint32_t word);
  // @set, from word 0.
  RuleBuilder& in_set(const char* set);
  // iiftype != loopback
  RuleBuilder& from_outside();
  // meta mark & bit == 0
  RuleBuilder& without_mark(std::uint32_t bit);
  // Puts the rule at the end of the table's rules.
  void set_mark(std::uint32_t bit);  // meta mark set meta mark | bit
  void drop();

 private:
  nftnl_expr* add(const char* name);
  RuleBuilder& meta(std::uint32_t key, std::uint32_t word);
  RuleBuilder& connection(std::uint32_t key, std::uint32_t word);
  RuleBuilder& payload(std::uint32_t base, std::uint32_t offset, std::uint32_t size, std::uint32_t word);
  RuleBuilder& compare(std::uint32_t operation, const void* data, std::uint32_t size);
  RuleBuilder& mask(std::uint32_t keep, std::uint32_t flip);

  Table& table_;
  NftRule rule_;
};

// How many words an address takes.
constexpr std::uint32_t words_of(Family family) { return family == Family::ipv4 ? 1 : 4; }

}  // namespace sallyport
