// Runs in: sallyportd (privileged).
#include "firewall/live_rules.h"

#include <array>

#include "firewall/passage.h"
#include "firewall/rule_builder.h"
#include "firewall/set_type.h"

namespace sallyport {

namespace {

// After conntrack (-200), which knows the opener; before the base table (-140), which asks for the mark.
constexpr std::int32_t kMarking = -150;
constexpr std::int32_t kDestinationTranslation = -100;  // nft's dstnat
constexpr std::int32_t kSourceTranslation = 100;        // nft's srcnat
constexpr std::array kFamilies{Family::ipv4, Family::ipv6};

// A meter that counts nothing for this long is forgotten; a session is far shorter.
constexpr std::chrono::hours kMetersKept{7 * 24};

NftSet live_set(const std::string& table, LiveSet set, Family family) {
  const auto* const name = name_of(set, family);
  const KeyType service{KeyShape::service, family};
  switch (set) {
    case LiveSet::translate:
      return make_set(table, name, service, SetUse::expiring_map);
    case LiveSet::forwarded:
      return make_set(table, name, {KeyShape::flow, family}, SetUse::expiring);
    case LiveSet::entry:
      return make_set(table, name, service, SetUse::expiring_ranges);
    case LiveSet::admitted:
    case LiveSet::masked:
    case LiveSet::dial:
      break;
  }
  return make_set(table, name, service, SetUse::expiring);
}

// The flow that this packet belongs to, as its opener asked for it. Asked for every packet: nowhere an accept
// for "established". Removing the element ends the flow.
RuleBuilder& flow(RuleBuilder& rule, Family family) {
  const auto words = words_of(family);
  return rule.opener_address(family, 0).opened_transport(words).opened_port(words + 1);
}

// What is routed is counted in forward, where it is known whether it may go on. Whoever has found its element
// is done with the chain: every question costs each packet of every session. Interval sets cost the most and
// are asked last.
void add_prerouting(Table& table, std::uint32_t mark_bit) {
  table.add_chain("prerouting", "filter", NF_INET_PRE_ROUTING, kMarking);
  for (const auto family : kFamilies) {
    RuleBuilder rule{table, "prerouting"};
    flow(rule, family)
        .in_map(name_of(LiveSet::translate, family))
        .leads_somewhere(family)
        .mark(mark_bit)
        .skip_the_rest();
  }
  for (const auto family : kFamilies) {
    RuleBuilder rule{table, "prerouting"};
    flow(rule, family)
        .in_set(name_of(LiveSet::admitted, family))
        .mark(mark_bit)
        .count_in(name_of(Meters::in, family), kMetersKept)
        .skip_the_rest();
  }
  for (const auto family : kFamilies) {
    RuleBuilder rule{table, "prerouting"};
    flow(rule.without_mark(mark_bit), family).in_set(name_of(LiveSet::entry, family)).set_mark(mark_bit);
  }
}

// A mark says that this opener may use this port. Where an old flow goes was decided when it began, perhaps
// by an earlier session with another target: what is routed keeps the mark only if it goes to the target of
// now.
void add_forward(Table& table, std::uint32_t mark_bit) {
  table.add_chain("forward", "filter", NF_INET_FORWARD, kMarking);
  RuleBuilder{table, "forward"}.without_mark(mark_bit).skip_the_rest();
  const auto goes_to_target = [&](RuleBuilder& rule, Family family) -> RuleBuilder& {
    return flow(rule, family)
        .answering_address(family, words_of(family) + 2)
        .in_set(name_of(LiveSet::forwarded, family));
  };
  for (const auto family : kFamilies) {
    RuleBuilder in{table, "forward"}, out{table, "forward"};
    goes_to_target(in.from_opener(), family)
        .count_in(name_of(Meters::in, family), kMetersKept)
        .skip_the_rest();
    goes_to_target(out.from_answerer(), family)
        .count_in(name_of(Meters::out, family), kMetersKept)
        .skip_the_rest();
  }
  // What could not be counted, for want of memory, goes on all the same.
  for (const auto family : kFamilies) {
    RuleBuilder rule{table, "forward"};
    goes_to_target(rule, family).skip_the_rest();
  }
  RuleBuilder{table, "forward"}.clear_mark(mark_bit);
}

void add_output(Table& table, std::uint32_t mark_bit) {
  table.add_chain("output", "filter", NF_INET_LOCAL_OUT, kMarking);
  for (const auto family : kFamilies) {
    const auto words = words_of(family);
    RuleBuilder{table, "output"}
        .of_family(family)
        .destination_address(family, 0)
        .transport(words)
        .destination_port(words + 1)
        .in_set(name_of(LiveSet::dial, family))
        .of_root()
        .set_mark(mark_bit);
  }
  // Of routed flows the gate itself sends ICMP errors only. Without "packet too big" a target behind a link
  // of larger packets would wait for ever.
  for (const auto family : kFamilies) {
    RuleBuilder rule{table, "output"};
    flow(rule.of_family(family), family)
        .answering_address(family, words_of(family) + 2)
        .in_set(name_of(LiveSet::forwarded, family))
        .set_mark(mark_bit);
  }
  for (const auto family : kFamilies) {
    RuleBuilder rule{table, "output"};
    flow(rule.from_answerer(), family)
        .in_set(name_of(LiveSet::admitted, family))
        .count_in(name_of(Meters::out, family), kMetersKept)
        .skip_the_rest();
  }
}

// Asked for the first packet of a flow only; conntrack remembers the answer.
void add_translation(Table& table, std::uint32_t mark_bit) {
  table.add_chain("translate", "nat", NF_INET_PRE_ROUTING, kDestinationTranslation);
  table.add_chain("mask", "nat", NF_INET_POST_ROUTING, kSourceTranslation);
  for (const auto family : kFamilies) {
    const auto words = words_of(family);
    RuleBuilder{table, "translate"}
        .with_mark(mark_bit)
        .of_family(family)
        .destination_address(family, 0)
        .in_set(gate_set(family))
        .source_address(family, 0)
        .transport(words)
        .destination_port(words + 1)
        .in_map(name_of(LiveSet::translate, family))
        .translate_destination(family);
    RuleBuilder rule{table, "mask"};
    flow(rule.with_mark(mark_bit).of_family(family), family)
        .in_set(name_of(LiveSet::masked, family))
        .masquerade();
  }
}

}  // namespace

const char* name_of(Meters meters, Family family) noexcept {
  if (meters == Meters::in) return family == Family::ipv4 ? "meters_in4" : "meters_in6";
  return family == Family::ipv4 ? "meters_out4" : "meters_out6";
}

const char* gate_set(Family family) noexcept { return family == Family::ipv4 ? "gate4" : "gate6"; }

Table live_table(std::uint32_t mark_bit) {
  Table table;
  table.name = kLiveTable;
  table.flags = NFT_TABLE_F_OWNER;
  for (const auto family : kFamilies) {
    table.sets.push_back(
        make_set(table.name, gate_set(family), {KeyShape::address, family}, SetUse::lasting));
    for (const auto set : kLiveSets) table.sets.push_back(live_set(table.name, set, family));
    for (const auto meters : {Meters::in, Meters::out})
      table.sets.push_back(
          make_set(table.name, name_of(meters, family), {KeyShape::service, family}, SetUse::meters));
  }
  add_prerouting(table, mark_bit);
  add_forward(table, mark_bit);
  add_output(table, mark_bit);
  add_translation(table, mark_bit);
  return table;
}

}  // namespace sallyport
