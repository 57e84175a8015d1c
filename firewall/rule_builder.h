// RuleBuilder: one rule, expression by expression, named as in nft. Runs in: sallyportd (privileged).
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

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
  // ip saddr, ip daddr
  RuleBuilder& source_address(Family family, std::uint32_t word);
  RuleBuilder& destination_address(Family family, std::uint32_t word);
  // meta l4proto
  RuleBuilder& transport(std::uint32_t word);
  // th sport, th dport
  RuleBuilder& source_port(std::uint32_t word);
  RuleBuilder& destination_port(std::uint32_t word);
  // ct original ip saddr: of the connection's opener, whichever direction this packet goes. A packet that
  // conntrack does not know, or of the other family, ends the rule.
  RuleBuilder& opener_address(Family family, std::uint32_t word);
  // ct protocol: of the connection, also when the packet is an ICMP error about it. Without those a
  // path with a small MTU would swallow every large packet.
  RuleBuilder& opened_transport(std::uint32_t word);
  // ct original ip daddr, ct original proto-dst: what the opener asked for, before any translation.
  RuleBuilder& opened_address(Family family, std::uint32_t word);
  RuleBuilder& opened_port(std::uint32_t word);
  // ct reply ip saddr, ct reply proto-src: who answers, which after destination translation is the target.
  RuleBuilder& answering_address(Family family, std::uint32_t word);
  RuleBuilder& answering_port(std::uint32_t word);
  // ct status dnat, or not: is this flow led to somebody else than its opener asked for? Known from the
  // translation of its first packet on, never while that packet is in prerouting before -100. A packet that
  // conntrack does not know ends the rule.
  RuleBuilder& translated();
  RuleBuilder& not_translated();
  // ct direction
  RuleBuilder& from_opener();
  RuleBuilder& from_answerer();
  // meta l4proto tcp, udp
  RuleBuilder& of_transport(Transport transport);
  // meta l4proto ipv6-icmp, or not
  RuleBuilder& of_icmp6();
  RuleBuilder& not_of_icmp6();
  // icmpv6 type < first, > last. Only behind of_icmp6().
  RuleBuilder& icmp6_type_below(std::uint8_t first);
  RuleBuilder& icmp6_type_above(std::uint8_t last);
  // @set, from word 0.
  RuleBuilder& in_set(const std::string& set);
  // From word 0, and what the map leads to goes into word 0.
  RuleBuilder& in_map(const std::string& map);
  // The address in word 0 is one: a map's data must be asked something, or nft could not print the rule.
  RuleBuilder& leads_somewhere(Family family);
  // iiftype != loopback
  RuleBuilder& from_outside();
  // meta mark & bit == 0, != 0
  RuleBuilder& without_mark(std::uint32_t bit);
  RuleBuilder& with_mark(std::uint32_t bit);
  // meta skuid 0. Of the socket's maker: it stays so when a worker holds the socket.
  RuleBuilder& of_root();
  // As set_mark() and clear_mark(), when more is to come; they leave what is in words 0 to 7.
  RuleBuilder& mark(std::uint32_t bit);
  RuleBuilder& unmark(std::uint32_t bit);
  // update @set { … }: counts the packet in the element whose key is in word 0, adding it if need be. (A key
  // that came out of a map would make nft abort when it lists the rule.) Where it cannot be added, for want
  // of memory, the rule ends here.
  RuleBuilder& count_in(const std::string& set, std::chrono::milliseconds kept);
  // Puts the rule at the end of the table's rules.
  void set_mark(std::uint32_t bit);    // meta mark set meta mark | bit
  void clear_mark(std::uint32_t bit);  // meta mark set meta mark & ~bit
  void drop();
  void skip_the_rest();                       // return: the chain's policy
  void translate_destination(Family family);  // dnat to the address in word 0
  void masquerade();

 private:
  nftnl_expr* add(const char* name);
  RuleBuilder& meta(std::uint32_t key, std::uint32_t word);
  nftnl_expr* connection(std::uint32_t key, std::uint32_t word);
  RuleBuilder& tuple(std::uint32_t key, std::uint8_t direction, std::uint32_t word);
  RuleBuilder& from(std::uint8_t direction);
  RuleBuilder& translation_is(std::uint32_t operation);
  RuleBuilder& look_up(const std::string& set, bool has_data);
  RuleBuilder& payload(std::uint32_t base, std::uint32_t offset, std::uint32_t size, std::uint32_t word);
  RuleBuilder& compare(std::uint32_t operation, const void* data, std::uint32_t size);
  RuleBuilder& mask(std::uint32_t keep, std::uint32_t flip, std::uint32_t word);
  RuleBuilder& transport_is(std::uint32_t operation, std::uint8_t protocol);
  RuleBuilder& icmp6_type_is(std::uint32_t operation, std::uint8_t type);
  RuleBuilder& mark_is(std::uint32_t operation, std::uint32_t bit);
  RuleBuilder& change_mark(std::uint32_t keep, std::uint32_t flip);
  void end_with(std::uint32_t verdict);
  void finish();

  Table& table_;
  NftRule rule_;
};

// How many words an address takes.
constexpr std::uint32_t words_of(Family family) { return family == Family::ipv4 ? 1 : 4; }

}  // namespace sallyport
