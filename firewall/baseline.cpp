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

const char* service_set(Family family) { return family == Family::ipv4 ? "service4" : "service6"; }
const char* target_set(Family family) { return family == Family::ipv4 ? "target4" : "target6"; }

void refuse_unmarked_services(Table& table, Family family, std::uint32_t mark_bit) {
  const auto words = words_of(family);
  RuleBuilder{table, "prerouting"}
      .of_family(family)
      .destination_address(family, 0)
      .transport(words)
      .destination_port(words + 1)
      .in_set(service_set(family))
      .without_mark(mark_bit)
      .drop();
}

void refuse_unmarked_targets(Table& table, const char* chain, Family family, std::uint32_t mark_bit) {
  RuleBuilder{table, chain}
      .of_family(family)
      .destination_address(family, 0)
      .in_set(target_set(family))
      .without_mark(mark_bit)
      .drop();
}

// Before translation nothing from outside has business with a target's own address, marked or not. The mark
// only says that its sender may reach the gate's port N; without this rule that sender, routing through the
// gate, would reach port N of the target as well, before any login (I3).
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
    table.elements.push_back({service_set(address.family()), key, {}, 0});
  }
  for (const auto& target : guarded.targets)
    table.elements.push_back({target_set(target.family()), SetKey::of(target), {}, 0});
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
    if (!wanted.contains(key)) transaction.delete_element(key.first.c_str(), key.second, end);
  for (const auto& [key, end] : wanted)
    if (!held.contains(key)) transaction.add_element(key.first.c_str(), key.second, end, 0);
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
  table.add_chain("prerouting", NF_INET_PRE_ROUTING, kPriority);
  table.add_chain("forward", NF_INET_FORWARD, kPriority);
  table.add_chain("output", NF_INET_LOCAL_OUT, kPriority);
  for (const auto family : kFamilies) {
    table.sets.push_back(
        make_set(table.name, service_set(family), SetType::address_transport_port, family, SetUse::lasting));
    table.sets.push_back(make_set(table.name, target_set(family), SetType::address, family, SetUse::lasting));
    refuse_unmarked_services(table, family, mark_bit);
    refuse_direct_way(table, family);
    for (const char* chain : {"prerouting", "forward", "output"})
      refuse_unmarked_targets(table, chain, family, mark_bit);
  }
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
