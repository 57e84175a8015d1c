// Runs in: sallyport. Reads the kernel's answers only; sends nothing but two requests for a dump.
#include "gateway/console/host_firewall.h"

#include <netinet/in.h>  // before linux/netfilter.h, or the two define the same things twice

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>

#include "base/handle.h"

namespace sallyport {

namespace {

using MnlSocket = std::unique_ptr<mnl_socket, FreeWith<mnl_socket_close>>;
using OnMessage = std::function<void(std::uint8_t family, const nlmsghdr*)>;

constexpr std::string_view kOwnTables = "sallyport_";

Done read_answers(mnl_socket* socket, const OnMessage& on_message) {
  std::vector<char> buffer(64 * 1024);
  const auto each = [](const nlmsghdr* message, void* data) {
    const auto* header = static_cast<const nfgenmsg*>(mnl_nlmsg_get_payload(message));
    (*static_cast<const OnMessage*>(data))(header->nfgen_family, message);
    return MNL_CB_OK;
  };
  for (;;) {
    const auto got = mnl_socket_recvfrom(socket, buffer.data(), buffer.size());
    if (got < 0) return fail_errno("reading nftables");
    if (got == 0) return {};
    const int more = mnl_cb_run(buffer.data(), static_cast<std::size_t>(got), 0,
                                mnl_socket_get_portid(socket), each, const_cast<OnMessage*>(&on_message));
    if (more < 0) return fail_errno("reading nftables");
    if (more == MNL_CB_STOP) return {};
  }
}

Done dump(std::uint16_t type, const OnMessage& on_message) {
  const MnlSocket socket{mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC)};
  if (!socket || mnl_socket_bind(socket.get(), 0, MNL_SOCKET_AUTOPID) < 0)
    return fail_errno("opening a netlink socket");
  alignas(nlmsghdr) char buffer[256]{};
  nlmsghdr* const message = mnl_nlmsg_put_header(buffer);
  message->nlmsg_type = static_cast<std::uint16_t>(NFNL_SUBSYS_NFTABLES << 8 | type);
  message->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  auto* const header = static_cast<nfgenmsg*>(mnl_nlmsg_put_extra_header(message, sizeof(nfgenmsg)));
  header->nfgen_family = NFPROTO_UNSPEC;
  header->version = NFNETLINK_V0;
  if (mnl_socket_sendto(socket.get(), message, message->nlmsg_len) < 0) return fail_errno("asking nftables");
  return read_answers(socket.get(), on_message);
}

// libmnl's own loops do not compile as C++; its callbacks do.
using OnAttribute = std::function<void(const nlattr*)>;
int give_attribute(const nlattr* attribute, void* data) {
  (*static_cast<OnAttribute*>(data))(attribute);
  return MNL_CB_OK;
}
void each_attribute(const nlmsghdr* message, OnAttribute each) {
  mnl_attr_parse(message, sizeof(nfgenmsg), give_attribute, &each);
}
void each_attribute(const nlattr* nest, OnAttribute each) {
  if (nest != nullptr) mnl_attr_parse_nested(nest, give_attribute, &each);
}

// The attribute of `type` in a message or in another attribute; null when absent.
template <class Parent>
const nlattr* find(const Parent* parent, std::uint16_t type) {
  const nlattr* found = nullptr;
  each_attribute(parent, [&](const nlattr* attribute) {
    if (mnl_attr_get_type(attribute) == type) found = attribute;
  });
  return found;
}

std::string text(const nlattr* attribute) {
  if (attribute == nullptr) return {};
  const std::string_view bytes{static_cast<const char*>(mnl_attr_get_payload(attribute)),
                               mnl_attr_get_payload_len(attribute)};
  return std::string{bytes.substr(0, bytes.find('\0'))};
}
std::uint32_t number(const nlattr* attribute, std::uint32_t absent) {
  return attribute == nullptr || mnl_attr_get_payload_len(attribute) != sizeof(std::uint32_t)
             ? absent
             : ntohl(mnl_attr_get_u32(attribute));
}

std::string table_name(std::uint8_t family, const nlattr* name) {
  const char* word = family == NFPROTO_INET   ? "inet"
                     : family == NFPROTO_IPV4 ? "ip"
                     : family == NFPROTO_IPV6 ? "ip6"
                                              : nullptr;
  return word == nullptr ? std::string{} : fmt::format("{} {}", word, text(name));
}

const char* hook_name(std::uint32_t hook) {
  switch (hook) {
    case NF_INET_PRE_ROUTING:
      return "prerouting";
    case NF_INET_LOCAL_IN:
      return "input";
    case NF_INET_LOCAL_OUT:
      return "output";
    default:
      return nullptr;
  }
}

// Only chains that a packet to the gate, or from it to a target, passes.
void read_chain(std::uint8_t family, const nlmsghdr* message, std::vector<HostChain>& chains) {
  const auto* hook = find(message, NFTA_CHAIN_HOOK);
  const char* where =
      hook == nullptr ? nullptr : hook_name(number(find(hook, NFTA_HOOK_HOOKNUM), NF_INET_NUMHOOKS));
  HostChain chain;
  chain.table = table_name(family, find(message, NFTA_CHAIN_TABLE));
  if (where == nullptr || chain.table.empty() ||
      text(find(message, NFTA_CHAIN_TABLE)).starts_with(kOwnTables))
    return;
  chain.chain = text(find(message, NFTA_CHAIN_NAME));
  chain.hook = where;
  chain.drops_by_default = number(find(message, NFTA_CHAIN_POLICY), NF_ACCEPT) == NF_DROP;
  chains.push_back(std::move(chain));
}

struct RuleVerdict {
  bool drops = false, passes = false;
};

RuleVerdict verdict_of(const nlattr* expression) {
  const auto name = text(find(expression, NFTA_EXPR_NAME));
  if (name == "reject") return {.drops = true};
  if (name == "target") return {.drops = true, .passes = true};  // of iptables-nft: it may be anything
  if (name == "lookup") return {.passes = true};                 // a verdict map: it may be anything, too
  if (name != "immediate") return {};
  const auto* verdict = find(find(find(expression, NFTA_EXPR_DATA), NFTA_IMMEDIATE_DATA), NFTA_DATA_VERDICT);
  if (verdict == nullptr) return {};
  const auto code = static_cast<std::int32_t>(
      number(find(verdict, NFTA_VERDICT_CODE), static_cast<std::uint32_t>(NFT_CONTINUE)));
  return {.drops = code == NF_DROP, .passes = code == NF_ACCEPT || code == NFT_JUMP || code == NFT_GOTO};
}

// Marks the chains that the rule of `message` belongs to.
void read_rule(std::uint8_t family, const nlmsghdr* message, std::vector<HostChain>& chains) {
  const auto table = table_name(family, find(message, NFTA_RULE_TABLE));
  const auto chain = text(find(message, NFTA_RULE_CHAIN));
  each_attribute(find(message, NFTA_RULE_EXPRESSIONS), [&](const nlattr* expression) {
    const auto verdict = verdict_of(expression);
    for (auto& base : chains) {
      if (base.table != table) continue;
      base.table_has_drops = base.table_has_drops || verdict.drops;
      base.has_accepts = base.has_accepts || (verdict.passes && base.chain == chain);
    }
  });
}

}  // namespace

Result<std::vector<HostChain>> read_host_chains() {
  std::vector<HostChain> chains;
  RETURN_IF_ERROR(
      dump(NFT_MSG_GETCHAIN, [&](std::uint8_t family, const nlmsghdr* m) { read_chain(family, m, chains); }));
  RETURN_IF_ERROR(
      dump(NFT_MSG_GETRULE, [&](std::uint8_t family, const nlmsghdr* m) { read_rule(family, m, chains); }));
  return chains;
}

}  // namespace sallyport
