// Runs in: sallyportd (privileged). Pure.
#include "firewall/base_text.h"

#include <linux/if_arp.h>
#include <linux/netfilter/nf_conntrack_tuple_common.h>
#include <netinet/in.h>

#include <array>
#include <cstring>
#include <optional>
#include <string>
#include <utility>

#include "base/check.h"
#include "firewall/baseline.h"

namespace sallyport {

namespace {

// As in set_type.cpp: six bits a field, the last one lowest.
constexpr std::uint32_t kTypeBits = 6;
constexpr std::uint32_t kTypeMask = (1 << kTypeBits) - 1;
constexpr std::array<std::pair<std::uint32_t, const char*>, 4> kTypes{
    {{7, "ipv4_addr"}, {8, "ipv6_addr"}, {12, "inet_proto"}, {13, "inet_service"}}};
constexpr std::array<std::pair<std::uint32_t, const char*>, 5> kHooks{
    {{NF_INET_PRE_ROUTING, "prerouting"},
     {NF_INET_LOCAL_IN, "input"},
     {NF_INET_FORWARD, "forward"},
     {NF_INET_LOCAL_OUT, "output"},
     {NF_INET_POST_ROUTING, "postrouting"}}};
constexpr std::array<std::pair<std::uint32_t, const char*>, 5> kMetas{{{NFT_META_NFPROTO, "meta nfproto"},
                                                                       {NFT_META_L4PROTO, "meta l4proto"},
                                                                       {NFT_META_MARK, "meta mark"},
                                                                       {NFT_META_IIFTYPE, "meta iiftype"},
                                                                       {NFT_META_SKUID, "meta skuid"}}};
constexpr std::array<std::pair<std::uint32_t, const char*>, 4> kConnections{
    {{NFT_CT_STATUS, "ct status"},
     {NFT_CT_DST_IP, "ct original ip daddr"},
     {NFT_CT_DST_IP6, "ct original ip6 daddr"},
     {NFT_CT_PROTO_DST, "ct original proto-dst"}}};
constexpr std::array<std::pair<std::uint32_t, const char*>, 2> kVerdicts{
    {{NF_DROP, "drop"}, {static_cast<std::uint32_t>(NFT_RETURN), "return"}}};

// A field of a header: base, offset, size (RFC 791, RFC 8200; ports: RFC 768, RFC 9293).
struct Field {
  std::uint32_t base, offset, size;
  const char* name;
};
constexpr std::array<std::pair<std::uint32_t, const char*>, 4> kComparisons{
    {{NFT_CMP_EQ, "=="}, {NFT_CMP_NEQ, "!="}, {NFT_CMP_LT, "<"}, {NFT_CMP_GT, ">"}}};
constexpr std::array kFields{Field{NFT_PAYLOAD_NETWORK_HEADER, 12, 4, "ip saddr"},
                             Field{NFT_PAYLOAD_NETWORK_HEADER, 16, 4, "ip daddr"},
                             Field{NFT_PAYLOAD_NETWORK_HEADER, 8, 16, "ip6 saddr"},
                             Field{NFT_PAYLOAD_NETWORK_HEADER, 24, 16, "ip6 daddr"},
                             Field{NFT_PAYLOAD_TRANSPORT_HEADER, 0, 1, "icmpv6 type"},
                             Field{NFT_PAYLOAD_TRANSPORT_HEADER, 2, 2, "th dport"}};

// A number that our own rules use; a rule that nobody taught this file is a mistake in the program.
template <std::size_t Size>
std::string word_for(const std::array<std::pair<std::uint32_t, const char*>, Size>& words,
                     std::uint32_t number) {
  for (const auto& [known, word] : words)
    if (known == number) return word;
  our_bug(true, "base_text.cpp has no word for a part of the base table");
  return {};
}

template <class Number>
Number read_as(const void* data) {
  Number number = 0;
  std::memcpy(&number, data, sizeof number);
  return number;
}

// In the machine's order, as meta's values and masks are.
std::uint32_t number_of(const nftnl_expr* expression, std::uint16_t attribute) {
  std::uint32_t size = 0;
  const void* const data = nftnl_expr_get(expression, attribute, &size);
  if (size == 1) return read_as<std::uint8_t>(data);
  if (size == 2) return read_as<std::uint16_t>(data);
  our_bug(size != 4, "base_text.cpp expects a number of one, two or four bytes");
  return read_as<std::uint32_t>(data);
}

std::string field_text(const nftnl_expr* expression) {
  for (const auto& field : kFields)
    if (nftnl_expr_get_u32(expression, NFTNL_EXPR_PAYLOAD_BASE) == field.base &&
        nftnl_expr_get_u32(expression, NFTNL_EXPR_PAYLOAD_OFFSET) == field.offset &&
        nftnl_expr_get_u32(expression, NFTNL_EXPR_PAYLOAD_LEN) == field.size)
      return field.name;
  our_bug(true, "base_text.cpp does not know a header's field");
  return {};
}

std::string value_text(std::uint32_t meta, std::uint32_t value) {
  if (meta == NFT_META_NFPROTO) return value == NFPROTO_IPV4 ? "ipv4" : "ipv6";
  if (meta == NFT_META_L4PROTO && value == IPPROTO_ICMPV6) return "ipv6-icmp";
  if (meta == NFT_META_L4PROTO) return to_text(static_cast<Transport>(value));
  if (meta == NFT_META_IIFTYPE) return value == ARPHRD_LOOPBACK ? "loopback" : std::to_string(value);
  return fmt::format("{:#x}", value);
}

// One rule in nft's words. The kernel's expressions load fields into registers, then ask something of them;
// `fields_` is what has been loaded and not asked about yet.
class RuleText {
 public:
  explicit RuleText(const nftnl_rule* rule) {
    const NftExpressionIterator expressions{nftnl_expr_iter_create(rule)};
    while (const auto* expression = nftnl_expr_iter_next(expressions.get())) add(expression);
    our_bug(!fields_.empty(), "a rule of the base table loads what it never asks about");
  }
  const std::string& text() const noexcept { return text_; }

 private:
  void add(const nftnl_expr* e) {
    const std::string name = nftnl_expr_get_str(e, NFTNL_EXPR_NAME);
    if (name == "meta") return load_meta(nftnl_expr_get_u32(e, NFTNL_EXPR_META_KEY));
    if (name == "payload") return load_field(field_text(e));
    if (name == "ct") return load_connection(e);
    if (name == "bitwise")
      return void(fields_ += fmt::format(" & {:#x}", number_of(e, NFTNL_EXPR_BITWISE_MASK)));
    if (name == "cmp") return compare(e);
    if (name == "lookup") return ask(fmt::format("@{}", nftnl_expr_get_str(e, NFTNL_EXPR_LOOKUP_SET)));
    our_bug(name != "immediate", "the base table has a rule that does something else than refuse");
    text_ += word_for(kVerdicts, nftnl_expr_get_u32(e, NFTNL_EXPR_IMM_VERDICT));
  }
  void load(const std::string& field) { fields_ += (fields_.empty() ? "" : " . ") + field; }
  void load_meta(std::uint32_t key) {
    meta_ = key;
    load(word_for(kMetas, key));
  }
  void load_field(const std::string& field) {
    meta_.reset();
    load(field);
  }
  void load_connection(const nftnl_expr* e) {
    our_bug(nftnl_expr_is_set(e, NFTNL_EXPR_CT_DIR) &&
                nftnl_expr_get_u8(e, NFTNL_EXPR_CT_DIR) != IP_CT_DIR_ORIGINAL,
            "the base table asks for what an answerer sees");
    load_field(word_for(kConnections, nftnl_expr_get_u32(e, NFTNL_EXPR_CT_KEY)));
  }
  void compare(const nftnl_expr* e) {
    const std::string how = word_for(kComparisons, nftnl_expr_get_u32(e, NFTNL_EXPR_CMP_OP));
    const auto value = number_of(e, NFTNL_EXPR_CMP_DATA);
    ask(how + " " + (meta_ ? value_text(*meta_, value) : std::to_string(value)));
  }
  void ask(const std::string& question) {
    text_ += fmt::format("{} {} ", fields_, question);
    fields_.clear();
  }

  std::string text_, fields_;
  std::optional<std::uint32_t> meta_;  // the last that was loaded, unless that was a header's field
};

std::string key_type_text(std::uint32_t type) {
  const auto last = word_for(kTypes, type & kTypeMask);
  const auto before = type >> kTypeBits;
  return before == 0 ? last : key_type_text(before) + " . " + last;
}

std::string set_text(const Table& table, const nftnl_set* set) {
  const std::string name = nftnl_set_get_str(set, NFTNL_SET_NAME);
  our_bug(nftnl_set_get_u32(set, NFTNL_SET_FLAGS) != 0, "a set of the base table expires or holds ranges");
  std::string elements;
  for (const auto& element : table.elements)
    if (element.set == name) elements += (elements.empty() ? "" : ",\n      ") + element.key.text();
  if (!elements.empty()) elements = fmt::format("    elements = {{\n      {}\n    }}\n", elements);
  return fmt::format("  set {} {{\n    type {}\n{}  }}\n", name,
                     key_type_text(nftnl_set_get_u32(set, NFTNL_SET_KEY_TYPE)), elements);
}

std::string chain_text(const Table& table, const nftnl_chain* chain) {
  const std::string name = nftnl_chain_get_str(chain, NFTNL_CHAIN_NAME);
  our_bug(nftnl_chain_get_u32(chain, NFTNL_CHAIN_POLICY) != NF_ACCEPT, "the base table's policy is accept");
  auto text = fmt::format("  chain {} {{\n    type {} hook {} priority {}; policy accept;\n", name,
                          nftnl_chain_get_str(chain, NFTNL_CHAIN_TYPE),
                          word_for(kHooks, nftnl_chain_get_u32(chain, NFTNL_CHAIN_HOOKNUM)),
                          nftnl_chain_get_s32(chain, NFTNL_CHAIN_PRIO));
  for (const auto& rule : table.rules)
    if (name == nftnl_rule_get_str(rule.get(), NFTNL_RULE_CHAIN))
      text += fmt::format("    {}\n", RuleText{rule.get()}.text());
  return text + "  }\n";
}

}  // namespace

std::string nft_text(const Table& table) {
  // "add" first, so that there is one to delete: a file is one transaction, and nothing is open in between.
  auto text = fmt::format("add table inet {0}\ndelete table inet {0}\ntable inet {0} {{\n", table.name);
  for (const auto& set : table.sets) text += set_text(table, set.get());
  for (const auto& chain : table.chains) text += chain_text(table, chain.get());
  return text + "}\n";
}

std::string base_table_text(const Guarded& guarded, std::uint32_t mark_bit) {
  return nft_text(base_table(guarded, mark_bit));
}

}  // namespace sallyport
