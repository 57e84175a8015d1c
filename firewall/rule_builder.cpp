// Runs in: sallyportd (privileged).
#include "firewall/rule_builder.h"

#include <linux/if_arp.h>
#include <linux/netfilter/nf_conntrack_tuple_common.h>

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

RuleBuilder& RuleBuilder::connection(std::uint32_t key, std::uint32_t word) {
  auto* expression = add("ct");
  nftnl_expr_set_u32(expression, NFTNL_EXPR_CT_KEY, key);
  nftnl_expr_set_u32(expression, NFTNL_EXPR_CT_DREG, register_of(word));
  nftnl_expr_set_u8(expression, NFTNL_EXPR_CT_DIR, IP_CT_DIR_ORIGINAL);
  return *this;
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
RuleBuilder& RuleBuilder::mask(std::uint32_t keep, std::uint32_t flip) {
  auto* expression = add("bitwise");
  nftnl_expr_set_u32(expression, NFTNL_EXPR_BITWISE_SREG, register_of(0));
  nftnl_expr_set_u32(expression, NFTNL_EXPR_BITWISE_DREG, register_of(0));
  nftnl_expr_set_u32(expression, NFTNL_EXPR_BITWISE_LEN, sizeof keep);
  nftnl_expr_set(expression, NFTNL_EXPR_BITWISE_MASK, &keep, sizeof keep);
  nftnl_expr_set(expression, NFTNL_EXPR_BITWISE_XOR, &flip, sizeof flip);
  return *this;
}

RuleBuilder& RuleBuilder::of_family(Family family) {
  const std::uint8_t protocol = family == Family::ipv4 ? NFPROTO_IPV4 : NFPROTO_IPV6;
  return meta(NFT_META_NFPROTO, 0).compare(NFT_CMP_EQ, &protocol, sizeof protocol);
}

RuleBuilder& RuleBuilder::destination_address(Family family, std::uint32_t word) {
  // Offsets of daddr in the IPv4 header (RFC 791) and in the IPv6 header (RFC 8200).
  if (family == Family::ipv4) return payload(NFT_PAYLOAD_NETWORK_HEADER, 16, 4, word);
  return payload(NFT_PAYLOAD_NETWORK_HEADER, 24, 16, word);
}

RuleBuilder& RuleBuilder::transport(std::uint32_t word) { return meta(NFT_META_L4PROTO, word); }

RuleBuilder& RuleBuilder::destination_port(std::uint32_t word) {
  return payload(NFT_PAYLOAD_TRANSPORT_HEADER, 2, 2, word);
}

RuleBuilder& RuleBuilder::opener_address(Family family, std::uint32_t word) {
  return connection(family == Family::ipv4 ? NFT_CT_SRC_IP : NFT_CT_SRC_IP6, word);
}

RuleBuilder& RuleBuilder::opened_port(std::uint32_t word) { return connection(NFT_CT_PROTO_DST, word); }

RuleBuilder& RuleBuilder::in_set(const char* set) {
  auto* expression = add("lookup");
  nftnl_expr_set_u32(expression, NFTNL_EXPR_LOOKUP_SREG, register_of(0));
  nftnl_expr_set_str(expression, NFTNL_EXPR_LOOKUP_SET, set);
  nftnl_expr_set_u32(expression, NFTNL_EXPR_LOOKUP_FLAGS, 0);
  return *this;
}

RuleBuilder& RuleBuilder::from_outside() {
  const std::uint16_t loopback = ARPHRD_LOOPBACK;
  return meta(NFT_META_IIFTYPE, 0).compare(NFT_CMP_NEQ, &loopback, sizeof loopback);
}

RuleBuilder& RuleBuilder::without_mark(std::uint32_t bit) {
  const std::uint32_t zero = 0;
  return meta(NFT_META_MARK, 0).mask(bit, 0).compare(NFT_CMP_EQ, &zero, sizeof zero);
}

void RuleBuilder::set_mark(std::uint32_t bit) {
  meta(NFT_META_MARK, 0).mask(~bit, bit);
  auto* expression = add("meta");
  nftnl_expr_set_u32(expression, NFTNL_EXPR_META_KEY, NFT_META_MARK);
  nftnl_expr_set_u32(expression, NFTNL_EXPR_META_SREG, register_of(0));
  table_.rules.push_back(std::move(rule_));
}

void RuleBuilder::drop() {
  auto* expression = add("immediate");
  nftnl_expr_set_u32(expression, NFTNL_EXPR_IMM_DREG, NFT_REG_VERDICT);
  nftnl_expr_set_u32(expression, NFTNL_EXPR_IMM_VERDICT, NF_DROP);
  table_.rules.push_back(std::move(rule_));
}

}  // namespace sallyport
