// Runs in: sallyport. Pure.
#include "gateway/console/host_rules.h"

#include <algorithm>
#include <array>

#include "gateway/audit/json.h"

namespace sallyport {

namespace {

using Json = nlohmann::json;
using Match = HostMatch;

constexpr int kDeepestJump = 16;  // as the kernel's own limit

std::string word(const Json& object, const char* key) {
  const auto found = object.is_object() ? object.find(key) : object.end();
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

const Json& part(const Json& object, const char* key) {
  static const Json nothing;
  const auto found = object.is_object() ? object.find(key) : object.end();
  return object.is_object() && found != object.end() ? *found : nothing;
}

std::optional<std::uint64_t> number(const Json& value) {
  if (!value.is_number_unsigned()) return std::nullopt;
  return value.get<std::uint64_t>();
}

// Is the port in a right-hand side: 22, a range, a set of both? Named sets are not looked into.
Match port_in(const Json& right, std::uint64_t port) {
  if (const auto single = number(right)) return *single == port ? Match::yes : Match::no;
  if (const auto& range = part(right, "range"); range.is_array() && range.size() == 2) {
    const auto first = number(range[0]), last = number(range[1]);
    if (first && last) return port >= *first && port <= *last ? Match::yes : Match::no;
  }
  const auto& set = part(right, "set");
  if (!set.is_array()) return Match::perhaps;
  auto best = Match::no;
  for (const auto& member : set) best = std::max(best, port_in(member, port));
  return best;
}

// Is the word in a right-hand side: "tcp", a list, a set?
Match word_in(const Json& right, std::string_view sought) {
  if (right.is_string()) {
    const auto& text = right.get_ref<const std::string&>();
    if (text.starts_with('@')) return Match::perhaps;
    return text == sought ? Match::yes : Match::no;
  }
  const auto& list = right.is_array() ? right : part(right, "set");
  if (!list.is_array()) return Match::perhaps;
  auto best = Match::no;
  for (const auto& member : list) best = std::max(best, word_in(member, sought));
  return best;
}

Match inverted(Match match) {
  return match == Match::yes ? Match::no : match == Match::no ? Match::yes : Match::perhaps;
}

Match payload_match(const Json& payload, const Json& right, const HostPacket& packet) {
  const auto protocol = word(payload, "protocol"), field = word(payload, "field");
  if (protocol == "ip" || protocol == "ip6") {
    if (field == "protocol" || field == "nexthdr") return word_in(right, to_text(packet.transport));
    return Match::perhaps;
  }
  if (protocol != "th" && protocol != to_text(packet.transport)) return Match::no;
  return field == "dport" ? port_in(right, packet.port.value()) : Match::perhaps;
}

// A packet of another transport fails `tcp dport != 22` as well: the field is not there.
bool is_of_other_transport(const Json& left, const HostPacket& packet) {
  const auto protocol = word(part(left, "payload"), "protocol");
  return (protocol == "tcp" || protocol == "udp") && protocol != to_text(packet.transport);
}

Match match_of(const Json& match, const HostPacket& packet) {
  const auto& left = part(match, "left");
  const auto& right = part(match, "right");
  auto found = Match::perhaps;
  if (is_of_other_transport(left, packet)) return Match::no;
  if (left.contains("payload")) found = payload_match(left["payload"], right, packet);
  const auto meta = word(part(left, "meta"), "key");
  if (meta == "l4proto") found = word_in(right, to_text(packet.transport));
  if (meta == "iifname" || meta == "iif")  // nobody comes through the loopback device
    found = word_in(right, "lo") == Match::yes ? Match::no : Match::perhaps;
  if (word(part(left, "ct"), "key") == "state") found = word_in(right, "new");
  return word(match, "op") == "!=" ? inverted(found) : found;
}

// What neither asks nor decides.
bool is_neutral(const std::string& name) {
  constexpr std::array kNeutral{"match",   "vmap",      "counter", "log", "mangle",
                                "comment", "ct helper", "notrack", "set"};
  return std::ranges::find(kNeutral, name) != kNeutral.end();
}

bool is_verdict(const std::string& name) {
  constexpr std::array kVerdicts{"accept", "drop", "reject", "return", "jump", "goto"};
  return std::ranges::find(kVerdicts, name) != kVerdicts.end();
}

// What decides in a way that is not looked into.
bool may_decide(const std::string& name) { return name == "xt" || name == "queue" || name == "tproxy"; }

// ---- the packet mark

bool is_packet_mark(const Json& value) { return word(part(value, "meta"), "key") == "mark"; }

// What becomes of the bit in a value that is put into the packet mark. `unknown`: a map's, the connection
// mark's, which need not have it.
enum class BitFate : std::uint8_t { kept, set, cleared, unknown };

BitFate fate_in(const Json& value, std::uint32_t bit) {
  if (is_packet_mark(value)) return BitFate::kept;
  if (const auto whole = number(value)) return (*whole & bit) != 0 ? BitFate::set : BitFate::cleared;
  for (const char* operation : {"|", "&", "^"}) {
    const auto& sides = part(value, operation);
    if (!sides.is_array() || sides.size() != 2) continue;
    const auto before = fate_in(sides[0], bit);
    const auto mask = number(sides[1]);
    if (!mask) return BitFate::unknown;
    const bool touched = (*mask & bit) != 0;
    if (*operation == '|') return touched ? BitFate::set : before;
    if (*operation == '&') return touched ? before : BitFate::cleared;
    return touched ? BitFate::unknown : before;
  }
  return BitFate::unknown;
}

const char* to_text(BitFate fate) noexcept {
  switch (fate) {
    case BitFate::kept:
      return "keeps it";
    case BitFate::set:
      return "sets it";
    case BitFate::cleared:
      return "clears it";
    case BitFate::unknown:
      return "may set or clear it";
  }
  return "?";
}

bool mentions_mark_bit(const Json& value, std::uint32_t bit) {
  const auto& sides = part(value, "&");
  if (!sides.is_array() || sides.size() != 2 || !is_packet_mark(sides[0])) return false;
  const auto mask = number(sides[1]);
  return !mask || (*mask & bit) != 0;
}

}  // namespace

Result<HostTable> HostTable::parse(std::string_view text) {
  const auto document = parse_json(text);
  const auto& entries = part(document, "nftables");
  if (!entries.is_array()) return fail("nft printed JSON that cannot be read");
  HostTable table;
  for (const auto& entry : entries) {
    if (const auto& head = part(entry, "table"); head.is_object())
      table.name_ = word(head, "family") + " " + word(head, "name");
    if (const auto& chain = part(entry, "chain"); chain.is_object())
      table.chains_.push_back({word(chain, "name"), word(chain, "hook"), word(chain, "policy") == "drop"});
    if (const auto& rule = part(entry, "rule"); rule.is_object())
      table.rules_.push_back(
          {word(rule, "chain"), number(part(rule, "handle")).value_or(0), part(rule, "expr")});
  }
  return table;
}

std::string HostTable::place(const Rule& rule) const {
  return fmt::format("table {}, chain {}, rule with handle {}", name_, rule.chain, rule.handle);
}

// A verdict whose condition only perhaps holds comes only perhaps.
HostTable::Outcome HostTable::decide(const Rule& rule, const Json& verdict, Match matches, Walk& walk) const {
  const auto& name = verdict.begin().key();
  if (name == "accept") {
    if (matches == Match::yes) return Outcome::accepted;
    walk.perhaps_accepted = true;
    return Outcome::nothing;
  }
  if (name == "return") return matches == Match::yes ? Outcome::returned : Outcome::nothing;
  if (name == "jump" || name == "goto") return follow(verdict, matches, walk);
  if (matches == Match::perhaps) {
    if (walk.perhaps_at.empty()) walk.perhaps_at = place(rule);
    return Outcome::nothing;
  }
  walk.dropped_at = place(rule);
  return Outcome::dropped;
}

HostTable::Outcome HostTable::follow(const Json& verdict, Match matches, Walk& walk) const {
  if (walk.depth == kDeepestJump) return Outcome::nothing;
  ++walk.depth;
  const auto there = pass(word(verdict.begin().value(), "target"), walk);
  --walk.depth;
  if (matches == Match::perhaps) {
    if (there == Outcome::accepted) walk.perhaps_accepted = true;
    if (there == Outcome::dropped && walk.perhaps_at.empty()) walk.perhaps_at = walk.dropped_at;
    return Outcome::nothing;
  }
  if (there == Outcome::accepted || there == Outcome::dropped) return there;
  return verdict.begin().key() == "goto" ? Outcome::returned : Outcome::nothing;
}

// A verdict map: which verdict the packet gets.
HostTable::Outcome HostTable::choose(const Rule& rule, const Json& map, Match matches, Walk& walk) const {
  const auto& choices = part(part(map, "data"), "set");
  if (!choices.is_array()) walk.perhaps_accepted = true;  // a named map may decide anything
  for (const auto& choice : choices) {
    if (!choice.is_array() || choice.size() != 2 || !choice[1].is_object() || choice[1].empty()) continue;
    const Json condition{{"op", "=="}, {"left", part(map, "key")}, {"right", choice[0]}};
    const auto both = std::min(matches, match_of(condition, walk.packet));
    const auto outcome = both == Match::no ? Outcome::nothing : decide(rule, choice[1], both, walk);
    if (outcome != Outcome::nothing) return outcome;
  }
  return Outcome::nothing;
}

HostTable::Outcome HostTable::apply(const Rule& rule, Walk& walk) const {
  auto matches = Match::yes;
  for (const auto& expression : rule.expressions) {
    // `null` stands for an expression of iptables, which nft does not know.
    const auto name =
        expression.is_object() && !expression.empty() ? expression.begin().key() : std::string{"xt"};
    if (is_verdict(name)) return decide(rule, expression, matches, walk);
    if (name == "match") matches = std::min(matches, match_of(part(expression, "match"), walk.packet));
    if (matches == Match::no) return Outcome::nothing;
    if (name == "vmap") {
      const auto outcome = choose(rule, part(expression, "vmap"), matches, walk);
      if (outcome != Outcome::nothing) return outcome;
    } else if (may_decide(name)) {
      walk.perhaps_accepted = true;
    }
    if (!is_neutral(name)) matches = std::min(matches, Match::perhaps);
  }
  return Outcome::nothing;
}

HostTable::Outcome HostTable::pass(const std::string& chain, Walk& walk) const {
  for (const auto& rule : rules_) {
    if (rule.chain != chain) continue;
    const auto outcome = apply(rule, walk);
    if (outcome != Outcome::nothing) return outcome;
  }
  return Outcome::nothing;
}

std::optional<HostDrop> HostTable::drop_in(const Chain& chain, const HostPacket& packet) const {
  Walk walk{packet};
  const auto outcome = pass(chain.name, walk);
  if (outcome == Outcome::dropped) return HostDrop{!walk.perhaps_accepted, walk.dropped_at};
  if (outcome != Outcome::accepted && chain.drops_by_default)
    return HostDrop{!walk.perhaps_accepted,
                    fmt::format("table {}, chain {}, policy drop", name_, chain.name)};
  if (!walk.perhaps_at.empty()) return HostDrop{false, walk.perhaps_at};
  return std::nullopt;
}

std::vector<HostDrop> HostTable::drops(const HostPacket& packet) const {
  std::vector<HostDrop> drops;
  for (const auto& chain : chains_)
    if (chain.hook == packet.hook)
      if (auto drop = drop_in(chain, packet)) drops.push_back(*std::move(drop));
  return drops;
}

std::vector<MarkUse> HostTable::mark_uses(std::uint32_t bit) const {
  std::vector<MarkUse> uses;
  for (const auto& rule : rules_)
    for (const auto& expression : rule.expressions) {
      const auto& mangle = part(expression, "mangle");
      if (is_packet_mark(part(mangle, "key"))) {
        const auto fate = fate_in(part(mangle, "value"), bit);
        if (fate != BitFate::kept)
          uses.push_back({fate == BitFate::set, fmt::format("{}, {}", place(rule), to_text(fate))});
      }
      if (mentions_mark_bit(part(part(expression, "match"), "left"), bit))
        uses.push_back({false, place(rule) + ", asks for it"});
    }
  return uses;
}

}  // namespace sallyport
