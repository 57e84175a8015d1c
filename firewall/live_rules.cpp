// Runs in: sallyportd (privileged).
#include "firewall/live_rules.h"

#include <array>

#include "firewall/passage.h"
#include "firewall/rule_builder.h"
#include "firewall/set_type.h"

namespace sallyport {

namespace {

// The mark is given where it is known where a packet ends, in input, forward and output: what prerouting sees
// may yet be led elsewhere. Before the base table (-140), which asks for it.
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

// The session that a translated flow belongs to: `opener . transport . port . target`, as conntrack knows
// them.
RuleBuilder& in_session(RuleBuilder& rule, Family family) {
  const auto words = words_of(family);
  return rule.opener_address(family, 0)
      .opened_transport(words)
      .answering_port(words + 1)
      .answering_address(family, words + 2)
      .in_set(name_of(LiveSet::forwarded, family));
}

// What reaches the gate itself, directly or by the host's own translation. Whoever has found its element is
// done with the chain: every question costs each packet of every session. Interval sets cost the most and are
// asked last.
void add_input(Table& table, std::uint32_t mark_bit) {
  table.add_chain("input", "filter", NF_INET_LOCAL_IN, kMarking);
  for (const auto family : kFamilies) {
    RuleBuilder rule{table, "input"};
    flow(rule, family)
        .in_set(name_of(LiveSet::admitted, family))
        .mark(mark_bit)
        .count_in(name_of(Meters::in, family), kMetersKept)
        .skip_the_rest();
  }
  for (const auto family : kFamilies) {  // a target that is the gate itself
    RuleBuilder rule{table, "input"};
    in_session(rule.translated(), family).mark(mark_bit).skip_the_rest();
  }
  for (const auto family : kFamilies) {
    RuleBuilder rule{table, "input"};
    flow(rule.without_mark(mark_bit), family).in_set(name_of(LiveSet::entry, family)).set_mark(mark_bit);
  }
}

// The same of a packet in forward, where it bears its opener's address and its target's: the destination is
// translated before, the source after. Read from the packet itself, which is cheaper than asking conntrack
// for each field: 2 % of all packets a second.
void count_forwarded(Table& table, Family family, std::uint32_t mark_bit) {
  const auto words = words_of(family);
  const auto let_on = [&](RuleBuilder& rule, Meters meters) {
    rule.in_set(name_of(LiveSet::forwarded, family))
        .mark(mark_bit)
        .count_in(name_of(meters, family), kMetersKept)
        .skip_the_rest();
  };
  RuleBuilder in{table, "forward"}, out{table, "forward"};
  let_on(in.from_opener()
             .of_family(family)
             .source_address(family, 0)
             .transport(words)
             .destination_port(words + 1)
             .destination_address(family, words + 2),
         Meters::in);
  let_on(out.from_answerer()
             .of_family(family)
             .destination_address(family, 0)
             .transport(words)
             .source_port(words + 1)
             .source_address(family, words + 2),
         Meters::out);
}

// What is routed has the mark only if its opener is in a session, now, with the very target that it goes to,
// and asked the gate for it. Whatever mark it came with: where an old flow goes was decided when it began.
void add_forward(Table& table, std::uint32_t mark_bit) {
  table.add_chain("forward", "filter", NF_INET_FORWARD, kMarking);
  RuleBuilder{table, "forward"}.not_translated().unmark(mark_bit).skip_the_rest();
  for (const auto family : kFamilies) count_forwarded(table, family, mark_bit);
  // ICMP errors about such flows, and what could not be counted for want of memory.
  for (const auto family : kFamilies) {
    RuleBuilder rule{table, "forward"};
    in_session(rule, family).mark(mark_bit).skip_the_rest();
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
    in_session(rule.of_family(family), family).set_mark(mark_bit);
  }
  for (const auto family : kFamilies) {
    RuleBuilder rule{table, "output"};
    flow(rule.from_answerer(), family)
        .in_set(name_of(LiveSet::admitted, family))
        .count_in(name_of(Meters::out, family), kMetersKept)
        .skip_the_rest();
  }
}

// Asked for the first packet of a flow only; conntrack remembers the answer. It lets nobody through: that is
// asked in forward.
void add_translation(Table& table, std::uint32_t mark_bit) {
  table.add_chain("translate", "nat", NF_INET_PRE_ROUTING, kDestinationTranslation);
  table.add_chain("mask", "nat", NF_INET_POST_ROUTING, kSourceTranslation);
  for (const auto family : kFamilies) {
    const auto words = words_of(family);
    RuleBuilder{table, "translate"}
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
  add_input(table, mark_bit);
  add_forward(table, mark_bit);
  add_output(table, mark_bit);
  add_translation(table, mark_bit);
  return table;
}

}  // namespace sallyport
