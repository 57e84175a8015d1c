// Runs in: sallyportd (privileged). Reads the kernel's answers only.
#include "firewall/conntrack.h"

// The kernel's headers before the library's, which brings older copies of them.
#include <linux/netfilter/nfnetlink_conntrack.h>
#include "firewall/netfilter_socket.h"

#include <libnetfilter_conntrack/libnetfilter_conntrack.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <set>

#include "base/check.h"
#include "base/handle.h"

namespace sallyport {

namespace {

using Entry = std::unique_ptr<nf_conntrack, FreeWith<nfct_destroy>>;

Entry new_entry() {
  Entry entry{nfct_new()};
  our_bug(!entry, "out of memory");
  return entry;
}

std::uint8_t socket_family(Family family) { return family == Family::ipv4 ? AF_INET : AF_INET6; }

// A part of an entry's tuple that an entry of the other family lacks.
std::optional<Address> address_of(const nf_conntrack* entry, Family family, nf_conntrack_attr four,
                                  nf_conntrack_attr six) {
  const auto attribute = family == Family::ipv4 ? four : six;
  if (nfct_attr_is_set(entry, attribute) <= 0) return std::nullopt;
  return Address::from_bytes(family, static_cast<const std::uint8_t*>(nfct_get_attr(entry, attribute)));
}

bool is_of(const nf_conntrack* entry, const Opening& forward) {
  const auto family = forward.network.first().family();
  return nfct_get_attr_u8(entry, ATTR_ORIG_L4PROTO) == static_cast<std::uint8_t>(forward.transport) &&
         ntohs(nfct_get_attr_u16(entry, ATTR_ORIG_PORT_DST)) == forward.port.value() &&
         address_of(entry, family, ATTR_ORIG_IPV4_SRC, ATTR_ORIG_IPV6_SRC) == forward.network.first() &&
         address_of(entry, family, ATTR_REPL_IPV4_SRC, ATTR_REPL_IPV6_SRC) == forward.target;
}

// Only entries of this opener, so that the walk does not carry a busy gate's whole table to us; is_of()
// decides anyway. libnetfilter_conntrack 1.0.9 has no word for it, a kernel before 5.8 ignores it, and 6.18
// turns it round for IPv6 (it returns what does not match).
void put_filter(nlmsghdr* message, const Address& opener) {
  if (opener.family() == Family::ipv6) return;
  constexpr std::uint32_t kSourceAddress = 1;  // CTA_FILTER_F_CTA_IP_SRC of the kernel's nf_internals.h
  auto* tuple = mnl_attr_nest_start(message, CTA_TUPLE_ORIG);
  auto* addresses = mnl_attr_nest_start(message, CTA_TUPLE_IP);
  mnl_attr_put(message, CTA_IP_V4_SRC, opener.size(), opener.data());
  mnl_attr_nest_end(message, addresses);
  mnl_attr_nest_end(message, tuple);
  auto* filter = mnl_attr_nest_start(message, CTA_FILTER);
  mnl_attr_put_u32(message, CTA_FILTER_ORIG_FLAGS, kSourceAddress);
  mnl_attr_put_u32(message, CTA_FILTER_REPLY_FLAGS, 0);
  mnl_attr_nest_end(message, filter);
}

using Forwards = std::vector<const Opening*>;

Result<std::vector<Entry>> find_entries(const Address& opener, const Forwards& forwards) {
  std::vector<Entry> found;
  const auto read = [&](const nlmsghdr* message) -> Done {
    auto entry = new_entry();
    if (nfct_nlmsg_parse(message, entry.get()) < 0) return fail_errno("parsing a conntrack entry");
    if (std::ranges::any_of(forwards, [&](const Opening* forward) { return is_of(entry.get(), *forward); }))
      found.push_back(std::move(entry));
    return {};
  };
  std::optional<NetfilterSocket> socket;
  RETURN_IF_ERROR(dump(
      socket, {IPCTNL_MSG_CT_GET, 0, NFNL_SUBSYS_CTNETLINK, socket_family(opener.family())},
      [&](nlmsghdr* message) { put_filter(message, opener); }, read, [&] { found.clear(); }));
  return found;
}

// By its exact tuple and number: a new flow between the same ports is another entry.
Result<bool> destroy(NetfilterSocket& socket, const nf_conntrack* entry) {
  const auto name = new_entry();
  nfct_copy(name.get(), entry, NFCT_CP_ORIG);
  const auto build = [&](nlmsghdr* message) {
    nfct_nlmsg_build(message, name.get());
    if (nfct_attr_is_set(entry, ATTR_ID) > 0)  // which the library reads but does not write
      mnl_attr_put_u32(message, CTA_ID, htonl(nfct_get_attr_u32(entry, ATTR_ID)));
  };
  const auto family = nfct_get_attr_u8(entry, ATTR_ORIG_L3PROTO);
  const auto done = socket.ask({IPCTNL_MSG_CT_DELETE, 0, NFNL_SUBSYS_CTNETLINK, family}, build, nullptr);
  if (done) return true;
  if (done.error().code() == ENOENT) return false;  // gone by itself
  return tl::unexpected{done.error()};
}

}  // namespace

Result<std::size_t> destroy_flows(const std::vector<Opening>& forwards) {
  std::map<Address, Forwards> by_opener;
  for (const auto& forward : forwards)
    if (forward.way == Opening::Way::forward && forward.target)
      by_opener[forward.network.first()].push_back(&forward);
  if (by_opener.empty()) return std::size_t{0};
  ASSIGN_OR_RETURN(auto socket, NetfilterSocket::open());
  std::size_t count = 0;
  for (const auto& [opener, of_opener] : by_opener) {
    ASSIGN_OR_RETURN(const auto entries, find_entries(opener, of_opener));
    for (const auto& entry : entries) {
      ASSIGN_OR_RETURN(const bool was_there, destroy(socket, entry.get()));
      count += was_there ? 1 : 0;
    }
  }
  return count;
}

}  // namespace sallyport
