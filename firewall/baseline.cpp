// Runs in: sallyportd (privileged).
#include "firewall/baseline.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <tuple>
#include <utility>

#include "base/check.h"
#include "firewall/rule_builder.h"
#include "firewall/set_type.h"
#include "firewall/transaction.h"

namespace sallyport {

namespace {

constexpr std::int32_t kPriority =
    -140;  // after the live table has marked, before any destination translation
constexpr std::array kFamilies{Family::ipv4, Family::ipv6};
constexpr std::uint8_t kNeighbourSolicitation = 135, kNeighbourAdvertisement = 136;  // RFC 4861, section 4

const char* service_set(Family family) { return family == Family::ipv4 ? "service4" : "service6"; }
const char* target_set(Family family) { return family == Family::ipv4 ? "target4" : "target6"; }

// A service port is asked about where a packet arrives, because only there the live table knows whether it
// may have the mark. First, of what arrives at the port itself, also by the host's own rules ("redirect to
// :22"). The mark is asked first: a session's packets pay for no lookup.
void refuse_unmarked_services(Table& table, Family family, std::uint32_t mark_bit) {
  const auto words = words_of(family);
  RuleBuilder{table, "input"}
      .without_mark(mark_bit)
      .of_family(family)
      .destination_address(family, 0)
      .transport(words)
      .destination_port(words + 1)
      .in_set(service_set(family))
      .drop();
}

// Second, of what asked for the port, wherever we or the host's own rules have led it. (nft reads the port
// that was asked for only behind a transport's name.)
void refuse_unmarked_openings(Table& table, const char* chain, Family family, std::uint32_t mark_bit) {
  const auto words = words_of(family);
  for (const auto transport : {Transport::tcp, Transport::udp})
    RuleBuilder{table, chain}
        .without_mark(mark_bit)
        .of_transport(transport)
        .opened_address(family, 0)
        .transport(words)
        .opened_port(words + 1)
        .in_set(service_set(family))
        .drop();
}

void refuse_unmarked_to_targets(Table& table, const char* chain, Family family, std::uint32_t mark_bit) {
  RuleBuilder{table, chain}
      .without_mark(mark_bit)
      .of_family(family)
      .destination_address(family, 0)
      .in_set(target_set(family))
      .drop();
}

// The gate's own way to targets. Neighbour discovery goes on: it is to IPv6 what ARP, which no rule here
// sees, is to IPv4. Without it the gate would not answer when a target asks for its link address, and the
// target's answers would not come back.
void refuse_unmarked_output(Table& table, Family family, std::uint32_t mark_bit) {
  if (family == Family::ipv4) return refuse_unmarked_to_targets(table, "output", family, mark_bit);
  const auto to_target = [&](auto&& of_kind) {
    RuleBuilder rule{table, "output"};
    of_kind(rule.without_mark(mark_bit).of_family(family))
        .destination_address(family, 0)
        .in_set(target_set(family))
        .drop();
  };
  to_target([](RuleBuilder & rule) -> auto& { return rule.not_of_icmp6(); });
  to_target(
      [](RuleBuilder & rule) -> auto& { return rule.of_icmp6().icmp6_type_below(kNeighbourSolicitation); });
  to_target(
      [](RuleBuilder & rule) -> auto& { return rule.of_icmp6().icmp6_type_above(kNeighbourAdvertisement); });
}

// A host that forwards for its sessions would otherwise have become a router for everybody else too.
void refuse_transit(Table& table, std::uint32_t mark_bit) {
  RuleBuilder{table, "forward"}.without_mark(mark_bit).drop();
}

// The answers of a routed flow end at the same instant as its questions: a target that goes on sending by UDP
// is cut too. And the other way round a target, which may be what an intruder has taken over, finds no way
// out through the gate. In prerouting that could not be told: the answers to the gate's own ways to a target
// look the same there.
void refuse_unmarked_from_targets(Table& table, Family family, std::uint32_t mark_bit) {
  RuleBuilder{table, "forward"}
      .without_mark(mark_bit)
      .of_family(family)
      .source_address(family, 0)
      .in_set(target_set(family))
      .drop();
}

// Before translation nothing from outside has business with a target's own address, marked or not. The mark
// only says that its sender may reach the gate's port N; without this rule that sender, routing through the
// gate, would reach port N of the target as well, before any login (I3). A flow that is translated goes
// elsewhere than it asks for; where that is, forward and input judge. So it is spared these questions from
// its second packet on.
void spare_translated(Table& table) { RuleBuilder{table, "prerouting"}.translated().skip_the_rest(); }

void refuse_direct_way(Table& table, Family family) {
  RuleBuilder{table, "prerouting"}
      .of_family(family)
      .destination_address(family, 0)
      .in_set(target_set(family))
      .from_outside()
      .drop();
}

void add_elements(Table& table, const Guarded& guarded) {
  for (const auto& service : guarded.services) {
    const auto& address = service.address;
    const auto key = SetKey::of(address.family(), IpNumber::of(address), service.transport, service.port);
    table.elements.push_back({{key}, service_set(address.family())});
  }
  for (const auto& target : guarded.targets)
    table.elements.push_back({{SetKey::of(target)}, target_set(target.family())});
  // The same service or target twice is no mistake of the caller's: two targets may share an address.
  const auto order = [](const SetElement& a, const SetElement& b) {
    return std::tie(a.set, a.key) < std::tie(b.set, b.key);
  };
  const auto same = [](const SetElement& a, const SetElement& b) { return a.set == b.set && a.key == b.key; };
  std::ranges::sort(table.elements, order);
  table.elements.erase(std::unique(table.elements.begin(), table.elements.end(), same), table.elements.end());
}

Transaction replacement(const Table& asked) {
  Transaction transaction{asked.name};
  transaction.add_table(asked.flags);  // so that there is one to delete
  transaction.delete_table();
  transaction.add_table(asked.flags);
  transaction.add_content(asked);
  return transaction;
}

Transaction element_changes(const Table& asked, const Table& found) {
  using Keys = std::map<std::pair<std::string, SetKey>, SetKey>;  // to the end of the range
  const auto keys_of = [](const Table& table) {
    Keys keys;
    for (const auto& element : table.elements) keys[{element.set, element.key}] = element.end;
    return keys;
  };
  const auto wanted = keys_of(asked);
  const auto held = keys_of(found);
  Transaction transaction{asked.name};
  for (const auto& [key, end] : held)
    if (!wanted.contains(key)) transaction.delete_element(key.first.c_str(), {key.second, end});
  for (const auto& [key, end] : wanted)
    if (!held.contains(key)) transaction.add_element(key.first.c_str(), {key.second, end});
  return transaction;
}

// The first line of `asked` that is not in `found`, or the other way round.
Done compare(const std::vector<std::string>& asked, const std::vector<std::string>& found) {
  const auto [at, other] = std::ranges::mismatch(asked, found);
  if (at == asked.end() && other == found.end()) return {};
  return fail("table inet {} is not what was asked for: expected '{}', found '{}'", kBaseTable,
              at == asked.end() ? "nothing more" : *at, other == found.end() ? "nothing more" : *other);
}

Done compare_table(const Table& asked) {
  ASSIGN_OR_RETURN(const auto found, read_table(kBaseTable));
  if (!found) return fail("table inet {} is not loaded", kBaseTable);
  RETURN_IF_ERROR(compare(asked.shape(), found->shape()));
  return compare(asked.element_lines(), found->element_lines());
}

}  // namespace

Table base_table(const Guarded& guarded, std::uint32_t mark_bit) {
  Table table;
  table.name = kBaseTable;
  table.add_chain("prerouting", "filter", NF_INET_PRE_ROUTING, kPriority);
  table.add_chain("input", "filter", NF_INET_LOCAL_IN, kPriority);
  table.add_chain("forward", "filter", NF_INET_FORWARD, kPriority);
  table.add_chain("output", "filter", NF_INET_LOCAL_OUT, kPriority);
  spare_translated(table);
  for (const auto family : kFamilies) {
    table.sets.push_back(
        make_set(table.name, service_set(family), {KeyShape::service, family}, SetUse::lasting));
    table.sets.push_back(
        make_set(table.name, target_set(family), {KeyShape::address, family}, SetUse::lasting));
    refuse_unmarked_services(table, family, mark_bit);
    refuse_unmarked_openings(table, "input", family, mark_bit);
    refuse_direct_way(table, family);
    refuse_unmarked_to_targets(table, "prerouting", family, mark_bit);
    refuse_unmarked_output(table, family, mark_bit);
    if (!guarded.transit) continue;
    refuse_unmarked_openings(table, "forward", family, mark_bit);
    refuse_unmarked_to_targets(table, "forward", family, mark_bit);
    refuse_unmarked_from_targets(table, family, mark_bit);
  }
  if (!guarded.transit) refuse_transit(table, mark_bit);
  add_elements(table, guarded);
  return table;
}

Done enforce_baseline(const Guarded& guarded, std::uint32_t mark_bit) {
  const auto asked = base_table(guarded, mark_bit);
  ASSIGN_OR_RETURN(const auto found, read_table(kBaseTable));
  const bool same_shape = found && found->shape() == asked.shape();
  auto transaction = same_shape ? element_changes(asked, *found) : replacement(asked);
  ASSIGN_OR_RETURN(auto socket, NetfilterSocket::open());
  const auto verdict = transaction.commit(socket);
  if (!verdict) return tl::unexpected{verdict.error(fmt::format("loading table inet {}", kBaseTable))};
  return compare_table(asked);
}

Done check_baseline(const Guarded& guarded, std::uint32_t mark_bit) {
  return compare_table(base_table(guarded, mark_bit));
}

}  // namespace sallyport
