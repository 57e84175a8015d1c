// Runs in: sallyportd (privileged).
#include "firewall/rule_builder.h"

#include <linux/if_arp.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_conntrack_tuple_common.h>
#include <linux/netfilter/nf_nat.h>
#include <netinet/in.h>

#include <array>

#include "base/check.h"

namespace sallyport {

namespace {

// The kernel reports a register as one of the old 128-bit ones where it can; asking in the same words makes
// what is read back comparable with what was asked.
std::uint32_t register_of(std::uint32_t word) {
  return word % 4 == 0 ? static_cast<std::uint32_t>(NFT_REG_1) + word / 4
                       : static_cast<std::uint32_t>(NFT_REG32_00) + word;
}

}  // namespace

RuleBuilder::RuleBuilder(Table& table, const char* chain) : table_(table), rule_(nftnl_rule_alloc()) {
  our_bug(!rule_, "out of memory");
  nftnl_rule_set_str(rule_.get(), NFTNL_RULE_TABLE, table.name.c_str());
  nftnl_rule_set_str(rule_.get(), NFTNL_RULE_CHAIN, chain);
}

nftnl_expr* RuleBuilder::add(const char* name) {
  auto* expression = nftnl_expr_alloc(name);
  our_bug(expression == nullptr, "out of memory");
  nftnl_rule_add_expr(rule_.get(), expression);  // the rule owns it
  return expression;
}

RuleBuilder& RuleBuilder::meta(std::uint32_t key, std::uint32_t word) {
  auto* expression = add("meta");
  nftnl_expr_set_u32(expression, NFTNL_EXPR_META_KEY, key);
  nftnl_expr_set_u32(expression, NFTNL_EXPR_META_DREG, register_of(word));
  return *this;
}

nftnl_expr* RuleBuilder::connection(std::uint32_t key, std::uint32_t word) {
  auto* expression = add("ct");
  nftnl_expr_set_u32(expression, NFTNL_EXPR_CT_KEY, key);
  nftnl_expr_set_u32(expression, NFTNL_EXPR_CT_DREG, register_of(word));
  return expression;
}

RuleBuilder& RuleBuilder::tuple(std::uint32_t key, std::uint8_t direction, std::uint32_t word) {
  nftnl_expr_set_u8(connection(key, word), NFTNL_EXPR_CT_DIR, direction);
  return *this;
}

RuleBuilder& RuleBuilder::from(std::uint8_t which) {
  connection(NFT_CT_DIRECTION, 0);
  return compare(NFT_CMP_EQ, &which, sizeof which);
}

RuleBuilder& RuleBuilder::payload(std::uint32_t base, std::uint32_t offset, std::uint32_t size,
                                  std::uint32_t word) {
  auto* expression = add("payload");
  nftnl_expr_set_u32(expression, NFTNL_EXPR_PAYLOAD_BASE, base);
  nftnl_expr_set_u32(expression, NFTNL_EXPR_PAYLOAD_OFFSET, offset);
  nftnl_expr_set_u32(expression, NFTNL_EXPR_PAYLOAD_LEN, size);
  nftnl_expr_set_u32(expression, NFTNL_EXPR_PAYLOAD_DREG, register_of(word));
  return *this;
}

RuleBuilder& RuleBuilder::compare(std::uint32_t operation, const void* data, std::uint32_t size) {
  auto* expression = add("cmp");
  nftnl_expr_set_u32(expression, NFTNL_EXPR_CMP_SREG, register_of(0));
  nftnl_expr_set_u32(expression, NFTNL_EXPR_CMP_OP, operation);
  nftnl_expr_set(expression, NFTNL_EXPR_CMP_DATA, data, size);
  return *this;
}

// register = (register & keep) ^ flip
RuleBuilder& RuleBuilder::mask(std::uint32_t keep, std::uint32_t flip, std::uint32_t word) {
  auto* expression = add("bitwise");
  nftnl_expr_set_u32(expression, NFTNL_EXPR_BITWISE_SREG, register_of(word));
  nftnl_expr_set_u32(expression, NFTNL_EXPR_BITWISE_DREG, register_of(word));
  nftnl_expr_set_u32(expression, NFTNL_EXPR_BITWISE_LEN, sizeof keep);
  nftnl_expr_set(expression, NFTNL_EXPR_BITWISE_MASK, &keep, sizeof keep);
  nftnl_expr_set(expression, NFTNL_EXPR_BITWISE_XOR, &flip, sizeof flip);
  return *this;
}

RuleBuilder& RuleBuilder::of_family(Family family) {
  const std::uint8_t protocol = family == Family::ipv4 ? NFPROTO_IPV4 : NFPROTO_IPV6;
  return meta(NFT_META_NFPROTO, 0).compare(NFT_CMP_EQ, &protocol, sizeof protocol);
}

// Offsets of saddr and daddr in the IPv4 header (RFC 791) and in the IPv6 header (RFC 8200).
RuleBuilder& RuleBuilder::source_address(Family family, std::uint32_t word) {
  if (family == Family::ipv4) return payload(NFT_PAYLOAD_NETWORK_HEADER, 12, 4, word);
  return payload(NFT_PAYLOAD_NETWORK_HEADER, 8, 16, word);
}

RuleBuilder& RuleBuilder::destination_address(Family family, std::uint32_t word) {
  if (family == Family::ipv4) return payload(NFT_PAYLOAD_NETWORK_HEADER, 16, 4, word);
  return payload(NFT_PAYLOAD_NETWORK_HEADER, 24, 16, word);
}

RuleBuilder& RuleBuilder::transport(std::uint32_t word) { return meta(NFT_META_L4PROTO, word); }

RuleBuilder& RuleBuilder::source_port(std::uint32_t word) {
  return payload(NFT_PAYLOAD_TRANSPORT_HEADER, 0, 2, word);
}

RuleBuilder& RuleBuilder::destination_port(std::uint32_t word) {
  return payload(NFT_PAYLOAD_TRANSPORT_HEADER, 2, 2, word);
}

RuleBuilder& RuleBuilder::opener_address(Family family, std::uint32_t word) {
  return tuple(family == Family::ipv4 ? NFT_CT_SRC_IP : NFT_CT_SRC_IP6, IP_CT_DIR_ORIGINAL, word);
}

RuleBuilder& RuleBuilder::opened_transport(std::uint32_t word) {
  connection(NFT_CT_PROTOCOL, word);
  return *this;
}

RuleBuilder& RuleBuilder::opened_address(Family family, std::uint32_t word) {
  return tuple(family == Family::ipv4 ? NFT_CT_DST_IP : NFT_CT_DST_IP6, IP_CT_DIR_ORIGINAL, word);
}

RuleBuilder& RuleBuilder::opened_port(std::uint32_t word) {
  return tuple(NFT_CT_PROTO_DST, IP_CT_DIR_ORIGINAL, word);
}

RuleBuilder& RuleBuilder::answering_address(Family family, std::uint32_t word) {
  return tuple(family == Family::ipv4 ? NFT_CT_SRC_IP : NFT_CT_SRC_IP6, IP_CT_DIR_REPLY, word);
}

RuleBuilder& RuleBuilder::answering_port(std::uint32_t word) {
  return tuple(NFT_CT_PROTO_SRC, IP_CT_DIR_REPLY, word);
}

RuleBuilder& RuleBuilder::translation_is(std::uint32_t operation) {
  const std::uint32_t zero = 0;
  connection(NFT_CT_STATUS, 0);
  return mask(IPS_DST_NAT, 0, 0).compare(operation, &zero, sizeof zero);
}

RuleBuilder& RuleBuilder::translated() { return translation_is(NFT_CMP_NEQ); }
RuleBuilder& RuleBuilder::not_translated() { return translation_is(NFT_CMP_EQ); }

RuleBuilder& RuleBuilder::from_opener() { return from(IP_CT_DIR_ORIGINAL); }
RuleBuilder& RuleBuilder::from_answerer() { return from(IP_CT_DIR_REPLY); }

RuleBuilder& RuleBuilder::transport_is(std::uint32_t operation, std::uint8_t protocol) {
  return transport(0).compare(operation, &protocol, sizeof protocol);
}

RuleBuilder& RuleBuilder::of_transport(Transport transport) {
  return transport_is(NFT_CMP_EQ, static_cast<std::uint8_t>(transport));
}

RuleBuilder& RuleBuilder::of_icmp6() { return transport_is(NFT_CMP_EQ, IPPROTO_ICMPV6); }
RuleBuilder& RuleBuilder::not_of_icmp6() { return transport_is(NFT_CMP_NEQ, IPPROTO_ICMPV6); }

RuleBuilder& RuleBuilder::icmp6_type_is(std::uint32_t operation, std::uint8_t type) {
  return payload(NFT_PAYLOAD_TRANSPORT_HEADER, 0, sizeof type, 0).compare(operation, &type, sizeof type);
}

RuleBuilder& RuleBuilder::icmp6_type_below(std::uint8_t first) { return icmp6_type_is(NFT_CMP_LT, first); }
RuleBuilder& RuleBuilder::icmp6_type_above(std::uint8_t last) { return icmp6_type_is(NFT_CMP_GT, last); }

RuleBuilder& RuleBuilder::look_up(const std::string& set, bool has_data) {
  auto* expression = add("lookup");
  nftnl_expr_set_u32(expression, NFTNL_EXPR_LOOKUP_SREG, register_of(0));
  if (has_data) nftnl_expr_set_u32(expression, NFTNL_EXPR_LOOKUP_DREG, register_of(0));
  nftnl_expr_set_str(expression, NFTNL_EXPR_LOOKUP_SET, set.c_str());
  nftnl_expr_set_u32(expression, NFTNL_EXPR_LOOKUP_FLAGS, 0);
  return *this;
}

RuleBuilder& RuleBuilder::in_set(const std::string& set) { return look_up(set, false); }
RuleBuilder& RuleBuilder::in_map(const std::string& map) { return look_up(map, true); }

RuleBuilder& RuleBuilder::from_outside() {
  const std::uint16_t loopback = ARPHRD_LOOPBACK;
  return meta(NFT_META_IIFTYPE, 0).compare(NFT_CMP_NEQ, &loopback, sizeof loopback);
}

RuleBuilder& RuleBuilder::mark_is(std::uint32_t operation, std::uint32_t bit) {
  const std::uint32_t zero = 0;
  return meta(NFT_META_MARK, 0).mask(bit, 0, 0).compare(operation, &zero, sizeof zero);
}

RuleBuilder& RuleBuilder::without_mark(std::uint32_t bit) { return mark_is(NFT_CMP_EQ, bit); }
RuleBuilder& RuleBuilder::with_mark(std::uint32_t bit) { return mark_is(NFT_CMP_NEQ, bit); }

RuleBuilder& RuleBuilder::of_root() {
  const std::uint32_t root = 0;
  return meta(NFT_META_SKUID, 0).compare(NFT_CMP_EQ, &root, sizeof root);
}

void RuleBuilder::finish() { table_.rules.push_back(std::move(rule_)); }

RuleBuilder& RuleBuilder::leads_somewhere(Family family) {
  constexpr std::array<std::uint8_t, 16> kNowhere{};
  return compare(NFT_CMP_NEQ, kNowhere.data(), words_of(family) * 4);
}

RuleBuilder& RuleBuilder::change_mark(std::uint32_t keep, std::uint32_t flip) {
  constexpr std::uint32_t kWord = 8;
  meta(NFT_META_MARK, kWord).mask(keep, flip, kWord);
  auto* expression = add("meta");
  nftnl_expr_set_u32(expression, NFTNL_EXPR_META_KEY, NFT_META_MARK);
  nftnl_expr_set_u32(expression, NFTNL_EXPR_META_SREG, register_of(kWord));
  return *this;
}

RuleBuilder& RuleBuilder::mark(std::uint32_t bit) { return change_mark(~bit, bit); }
RuleBuilder& RuleBuilder::unmark(std::uint32_t bit) { return change_mark(~bit, 0); }
void RuleBuilder::set_mark(std::uint32_t bit) { mark(bit).finish(); }
void RuleBuilder::clear_mark(std::uint32_t bit) { unmark(bit).finish(); }

void RuleBuilder::end_with(std::uint32_t verdict) {
  auto* expression = add("immediate");
  nftnl_expr_set_u32(expression, NFTNL_EXPR_IMM_DREG, NFT_REG_VERDICT);
  nftnl_expr_set_u32(expression, NFTNL_EXPR_IMM_VERDICT, verdict);
  finish();
}

void RuleBuilder::drop() { end_with(NF_DROP); }
void RuleBuilder::skip_the_rest() { end_with(static_cast<std::uint32_t>(NFT_RETURN)); }

RuleBuilder& RuleBuilder::count_in(const std::string& set, std::chrono::milliseconds kept) {
  auto* expression = add("dynset");
  nftnl_expr_set_str(expression, NFTNL_EXPR_DYNSET_SET_NAME, set.c_str());
  nftnl_expr_set_u32(expression, NFTNL_EXPR_DYNSET_OP, NFT_DYNSET_OP_UPDATE);
  nftnl_expr_set_u32(expression, NFTNL_EXPR_DYNSET_SREG_KEY, register_of(0));
  nftnl_expr_set_u64(expression, NFTNL_EXPR_DYNSET_TIMEOUT, static_cast<std::uint64_t>(kept.count()));
  return *this;
}

void RuleBuilder::translate_destination(Family family) {
  auto* expression = add("nat");
  nftnl_expr_set_u32(expression, NFTNL_EXPR_NAT_TYPE, NFT_NAT_DNAT);
  nftnl_expr_set_u32(expression, NFTNL_EXPR_NAT_FAMILY, family == Family::ipv4 ? NFPROTO_IPV4 : NFPROTO_IPV6);
  nftnl_expr_set_u32(expression, NFTNL_EXPR_NAT_REG_ADDR_MIN, register_of(0));
  // The kernel fills these two in by itself; asked for, they read back the same on every kernel.
  nftnl_expr_set_u32(expression, NFTNL_EXPR_NAT_REG_ADDR_MAX, register_of(0));
  nftnl_expr_set_u32(expression, NFTNL_EXPR_NAT_FLAGS, NF_NAT_RANGE_MAP_IPS);
  finish();
}

void RuleBuilder::masquerade() {
  add("masq");
  finish();
}

}  // namespace sallyport
