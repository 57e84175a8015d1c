// Runs in: sallyportd (privileged).
#include "firewall/table.h"

#include <algorithm>
#include <initializer_list>
#include <utility>

#include "base/check.h"

namespace sallyport {

namespace {

std::string data_of(const nftnl_expr* expression, std::uint16_t attribute) {
  std::uint32_t size = 0;
  const auto* data = static_cast<const std::uint8_t*>(nftnl_expr_get(expression, attribute, &size));
  std::string text;
  for (std::uint32_t i = 0; data != nullptr && i < size; ++i) text += fmt::format("{:02x}", data[i]);
  return text;
}

std::string words_of(const nftnl_expr* expression, std::initializer_list<std::uint16_t> attributes) {
  std::string text;
  for (const auto attribute : attributes) {
    const bool is_set = nftnl_expr_is_set(expression, attribute);
    text += is_set ? fmt::format(" {}", nftnl_expr_get_u32(expression, attribute)) : " -";
  }
  return text;
}

std::string bitwise_text(const nftnl_expr* e) {
  return words_of(e, {NFTNL_EXPR_BITWISE_SREG, NFTNL_EXPR_BITWISE_DREG, NFTNL_EXPR_BITWISE_LEN}) + " " +
         data_of(e, NFTNL_EXPR_BITWISE_MASK) + " " + data_of(e, NFTNL_EXPR_BITWISE_XOR);
}

std::string payload_text(const nftnl_expr* e) {
  return words_of(e, {NFTNL_EXPR_PAYLOAD_DREG, NFTNL_EXPR_PAYLOAD_BASE, NFTNL_EXPR_PAYLOAD_OFFSET,
                      NFTNL_EXPR_PAYLOAD_LEN, NFTNL_EXPR_PAYLOAD_SREG});
}

std::string lookup_text(const nftnl_expr* e) {
  return words_of(e, {NFTNL_EXPR_LOOKUP_SREG, NFTNL_EXPR_LOOKUP_DREG, NFTNL_EXPR_LOOKUP_FLAGS}) + " " +
         nftnl_expr_get_str(e, NFTNL_EXPR_LOOKUP_SET);
}

std::string connection_text(const nftnl_expr* e) {
  const bool has_direction = nftnl_expr_is_set(e, NFTNL_EXPR_CT_DIR);
  return words_of(e, {NFTNL_EXPR_CT_KEY, NFTNL_EXPR_CT_DREG, NFTNL_EXPR_CT_SREG}) +
         (has_direction ? fmt::format(" {}", nftnl_expr_get_u8(e, NFTNL_EXPR_CT_DIR)) : " -");
}

std::string counting_text(const nftnl_expr* e) {
  return words_of(e, {NFTNL_EXPR_DYNSET_OP, NFTNL_EXPR_DYNSET_SREG_KEY, NFTNL_EXPR_DYNSET_SREG_DATA}) +
         fmt::format(" {} {}", nftnl_expr_get_u64(e, NFTNL_EXPR_DYNSET_TIMEOUT),
                     nftnl_expr_get_str(e, NFTNL_EXPR_DYNSET_SET_NAME));
}

std::string translation_text(const nftnl_expr* e) {
  return words_of(e, {NFTNL_EXPR_NAT_TYPE, NFTNL_EXPR_NAT_FAMILY, NFTNL_EXPR_NAT_REG_ADDR_MIN,
                      NFTNL_EXPR_NAT_REG_ADDR_MAX, NFTNL_EXPR_NAT_REG_PROTO_MIN, NFTNL_EXPR_NAT_REG_PROTO_MAX,
                      NFTNL_EXPR_NAT_FLAGS});
}

std::string masquerade_text(const nftnl_expr* e) {
  // The kernel does not report what is zero, or reports zero.
  const auto flags =
      nftnl_expr_is_set(e, NFTNL_EXPR_MASQ_FLAGS) ? nftnl_expr_get_u32(e, NFTNL_EXPR_MASQ_FLAGS) : 0;
  return fmt::format(" {}", flags) +
         words_of(e, {NFTNL_EXPR_MASQ_REG_PROTO_MIN, NFTNL_EXPR_MASQ_REG_PROTO_MAX});
}

// Everything that decides what our own rules do. An expression that we never use is unlike any of ours by its
// name alone.
std::string expression_text(const nftnl_expr* e) {
  const std::string name = nftnl_expr_get_str(e, NFTNL_EXPR_NAME);
  if (name == "bitwise") return name + bitwise_text(e);
  if (name == "payload") return name + payload_text(e);
  if (name == "lookup") return name + lookup_text(e);
  if (name == "ct") return name + connection_text(e);
  if (name == "dynset") return name + counting_text(e);
  if (name == "nat") return name + translation_text(e);
  if (name == "masq") return name + masquerade_text(e);
  if (name == "meta")
    return name + words_of(e, {NFTNL_EXPR_META_KEY, NFTNL_EXPR_META_DREG, NFTNL_EXPR_META_SREG});
  if (name == "cmp")
    return name + words_of(e, {NFTNL_EXPR_CMP_SREG, NFTNL_EXPR_CMP_OP}) + " " +
           data_of(e, NFTNL_EXPR_CMP_DATA);
  if (name == "immediate") return name + words_of(e, {NFTNL_EXPR_IMM_DREG, NFTNL_EXPR_IMM_VERDICT});
  return "foreign " + name;
}

std::string rule_text(const nftnl_rule* rule) {
  std::string text = fmt::format("rule {}:", nftnl_rule_get_str(rule, NFTNL_RULE_CHAIN));
  const NftExpressionIterator expressions{nftnl_expr_iter_create(rule)};
  while (const auto* expression = nftnl_expr_iter_next(expressions.get()))
    text += " [" + expression_text(expression) + "]";
  return text;
}

std::string chain_text(const nftnl_chain* chain) {
  const std::string name = nftnl_chain_get_str(chain, NFTNL_CHAIN_NAME);
  if (!nftnl_chain_is_set(chain, NFTNL_CHAIN_HOOKNUM)) return fmt::format("chain {} without a hook", name);
  return fmt::format(
      "chain {} type {} hook {} priority {} policy {}", name, nftnl_chain_get_str(chain, NFTNL_CHAIN_TYPE),
      nftnl_chain_get_u32(chain, NFTNL_CHAIN_HOOKNUM), nftnl_chain_get_s32(chain, NFTNL_CHAIN_PRIO),
      nftnl_chain_get_u32(chain, NFTNL_CHAIN_POLICY));
}

std::string set_text(const nftnl_set* set) {
  auto text = fmt::format("set {} type {:#x} length {} flags {:#x}", nftnl_set_get_str(set, NFTNL_SET_NAME),
                          nftnl_set_get_u32(set, NFTNL_SET_KEY_TYPE),
                          nftnl_set_get_u32(set, NFTNL_SET_KEY_LEN), nftnl_set_get_u32(set, NFTNL_SET_FLAGS));
  if (nftnl_set_is_set(set, NFTNL_SET_DATA_TYPE))
    text += fmt::format(" leads to {:#x} length {}", nftnl_set_get_u32(set, NFTNL_SET_DATA_TYPE),
                        nftnl_set_get_u32(set, NFTNL_SET_DATA_LEN));
  const auto add_name = [](nftnl_expr* expression, void* data) {
    *static_cast<std::string*>(data) += fmt::format(" {}", nftnl_expr_get_str(expression, NFTNL_EXPR_NAME));
    return 0;
  };
  nftnl_set_expr_foreach(set, add_name, &text);
  return text;
}

}  // namespace

void Table::add_chain(const char* chain_name, const char* type, std::uint32_t hook, std::int32_t priority) {
  NftChain chain{nftnl_chain_alloc()};
  our_bug(!chain, "out of memory");
  nftnl_chain_set_str(chain.get(), NFTNL_CHAIN_TABLE, name.c_str());
  nftnl_chain_set_str(chain.get(), NFTNL_CHAIN_NAME, chain_name);
  nftnl_chain_set_str(chain.get(), NFTNL_CHAIN_TYPE, type);
  nftnl_chain_set_u32(chain.get(), NFTNL_CHAIN_HOOKNUM, hook);
  nftnl_chain_set_s32(chain.get(), NFTNL_CHAIN_PRIO, priority);
  // The marks do the work: an accept here never overrides a drop elsewhere, and a policy of drop would cut
  // off everything else that the machine does.
  nftnl_chain_set_u32(chain.get(), NFTNL_CHAIN_POLICY, NF_ACCEPT);
  chains.push_back(std::move(chain));
}

std::vector<std::string> Table::shape() const {
  std::vector<std::string> lines{fmt::format("table {} flags {:#x}", name, flags)};
  for (const auto& set : sets) lines.push_back(set_text(set.get()));
  for (const auto& chain : chains) lines.push_back(chain_text(chain.get()));
  std::ranges::sort(lines);
  std::vector<std::string> in_order;
  for (const auto& rule : rules) in_order.push_back(rule_text(rule.get()));
  // Rules count in the order within their chain; the order of chains means nothing.
  std::ranges::stable_sort(in_order, {},
                           [](const std::string& line) { return line.substr(0, line.find(':')); });
  lines.insert(lines.end(), in_order.begin(), in_order.end());
  return lines;
}

std::vector<std::string> Table::element_lines() const {
  std::vector<std::string> lines;
  lines.reserve(elements.size());
  for (const auto& element : elements)
    lines.push_back(fmt::format("element {} {{ {} }}", element.set, element.text()));
  std::ranges::sort(lines);
  return lines;
}

}  // namespace sallyport
