// Runs in: sallyportd (privileged).
#include "firewall/live_table.h"

#include <algorithm>
#include <array>
#include <functional>
#include <set>

#include "firewall/rule_builder.h"
#include "firewall/set_type.h"

namespace sallyport {

namespace {

// After conntrack (-200), which knows the opener; before the base table (-140), which asks for the mark.
constexpr std::int32_t kPriority = -150;

constexpr std::array kLiveSets{LiveSet::admitted4, LiveSet::admitted6, LiveSet::dial4,
                               LiveSet::dial6,     LiveSet::entry4,    LiveSet::entry6};

SetUse use_of(LiveSet set) {
  return set == LiveSet::entry4 || set == LiveSet::entry6 ? SetUse::expiring_ranges : SetUse::expiring;
}

// Asked for every packet: nowhere an accept for "established". Removing the element ends the flow.
void mark_admitted(Table& table, LiveSet set, std::uint32_t mark_bit) {
  const auto family = family_of(set);
  const auto words = words_of(family);
  RuleBuilder{table, "prerouting"}
      .opener_address(family, 0)
      .transport(words)
      .opened_port(words + 1)
      .in_set(to_text(set))
      .set_mark(mark_bit);
}

void mark_dialled(Table& table, LiveSet set, std::uint32_t mark_bit) {
  const auto family = family_of(set);
  const auto words = words_of(family);
  RuleBuilder{table, "output"}
      .of_family(family)
      .destination_address(family, 0)
      .transport(words)
      .destination_port(words + 1)
      .in_set(to_text(set))
      .set_mark(mark_bit);
}

Table live_table(std::uint32_t mark_bit) {
  Table table;
  table.name = kLiveTable;
  table.flags = NFT_TABLE_F_OWNER;
  table.add_chain("prerouting", NF_INET_PRE_ROUTING, kPriority);
  table.add_chain("output", NF_INET_LOCAL_OUT, kPriority);
  for (const auto set : kLiveSets)
    table.sets.push_back(
        make_set(table.name, to_text(set), SetType::address_transport_port, family_of(set), use_of(set)));
  for (const auto set : {LiveSet::admitted4, LiveSet::entry4, LiveSet::admitted6, LiveSet::entry6})
    mark_admitted(table, set, mark_bit);
  for (const auto set : {LiveSet::dial4, LiveSet::dial6}) mark_dialled(table, set, mark_bit);
  return table;
}

Error explain(const Verdict& verdict) {
  const auto doing = fmt::format("making table inet {}", kLiveTable);
  const bool about_table =
      std::ranges::any_of(verdict.refusals, [](const auto& refusal) { return refusal.message < 3; });
  if (verdict.code == EPERM)
    return Error{doing + ": another process owns it (another sallyportd is running)"};
  if (about_table && (verdict.code == EOPNOTSUPP || verdict.code == EINVAL))
    return Error{doing + ": this kernel cannot tie a table to its owner's life (needs Linux 5.12)"};
  return verdict.error(doing);
}

SetKey key_of(const LiveElement& element, const IpNumber& address) {
  return SetKey::of(family_of(element.set), address, element.transport, element.port);
}

SetKey end_of(const LiveElement& element) {
  return use_of(element.set) == SetUse::expiring_ranges ? key_of(element, element.last) : SetKey{};
}

void add(Transaction& transaction, const LiveElement& element, BootTime now) {
  // Rounded down: closed rather early than late.
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(element.until - now);
  transaction.add_element(to_text(element.set), key_of(element, element.first), end_of(element),
                          static_cast<std::uint64_t>(std::max(left, kShortestLife).count()));
}

// As nft prints a duration: "14m59s"; below a second in milliseconds.
std::string duration_text(std::uint64_t milliseconds) {
  if (milliseconds < 1000) return fmt::format("{}ms", milliseconds);
  constexpr std::array<std::pair<std::uint64_t, char>, 4> kUnits{
      {{86400, 'd'}, {3600, 'h'}, {60, 'm'}, {1, 's'}}};
  std::string text;
  auto seconds = milliseconds / 1000;
  for (const auto& [size, letter] : kUnits) {
    if (seconds >= size) text += fmt::format("{}{}", seconds / size, letter);
    seconds %= size;
  }
  return text;
}

}  // namespace

Result<LiveTable> LiveTable::create(std::uint32_t mark_bit) {
  ASSIGN_OR_RETURN(auto socket, NetfilterSocket::open());
  RETURN_IF_ERROR(socket.probe());
  const auto table = live_table(mark_bit);
  Transaction transaction{table.name};
  // A table of that name that nobody owns is a stranger's, and whatever it opens must go. One that another
  // process owns cannot be deleted, and we fail.
  transaction.add_table(0);
  transaction.delete_table();
  transaction.add_table(table.flags);
  transaction.add_content(table);
  if (const auto verdict = transaction.commit(socket); !verdict) return tl::unexpected{explain(verdict)};
  return LiveTable{std::move(socket)};
}

Verdict LiveTable::apply(const Holdings::Difference& difference, BootTime now) {
  // Removing what has just expired fails the whole batch. The kernel names each such message, so the second
  // try leaves them out; a third meets only what expired in between.
  std::set<std::size_t> expired;  // of difference.remove
  for (;;) {
    Transaction transaction{kLiveTable};
    std::vector<std::size_t> removes;  // by number of message
    for (std::size_t i = 0; i < difference.remove.size(); ++i) {
      if (expired.contains(i)) continue;
      const auto& element = difference.remove[i];
      transaction.delete_element(to_text(element.set), key_of(element, element.first), end_of(element));
      removes.push_back(i);
    }
    for (const auto& element : difference.add) add(transaction, element, now);
    auto verdict = transaction.commit(socket_);
    if (verdict.outcome != Verdict::Outcome::refused || verdict.refusals.empty()) return verdict;
    for (const auto& refusal : verdict.refusals) {
      if (refusal.message >= removes.size() || refusal.code != ENOENT) return verdict;
      expired.insert(removes[refusal.message]);
    }
  }
}

Verdict LiveTable::refill(const std::vector<LiveElement>& elements, BootTime now) {
  Transaction transaction{kLiveTable};
  for (const auto set : kLiveSets) transaction.flush_set(to_text(set));
  for (const auto& element : elements) add(transaction, element, now);
  return transaction.commit(socket_);
}

Done LiveTable::check() const {
  ASSIGN_OR_RETURN(const auto header, read_table_header(kLiveTable));
  if (!header) return fail("table inet {} is gone", kLiveTable);
  if (header->owner != socket_.port_id()) return fail("table inet {} is not this daemon's", kLiveTable);
  return {};
}

namespace {

// The lines of the kernel's elements that `wanted` picks by set and key, as "set { key".
Result<std::vector<std::string>> lines_if(
    const std::function<bool(const std::string&, std::uint64_t)>& wanted) {
  ASSIGN_OR_RETURN(const auto table, read_table(kLiveTable));
  std::vector<std::string> lines;
  if (!table) return lines;
  for (const auto& element : table->elements) {
    const auto name = fmt::format("{} {{ {}", element.set,
                                  element.key.text(element.end.empty() ? element.key : element.end));
    if (wanted(name, element.milliseconds_left))
      lines.push_back(fmt::format("element inet {} {} expires {} }}", kLiveTable, name,
                                  duration_text(element.milliseconds_left)));
  }
  std::ranges::sort(lines);
  return lines;
}

}  // namespace

Result<std::vector<std::string>> live_element_lines() {
  return lines_if([](const std::string&, std::uint64_t) { return true; });
}

Result<std::vector<std::string>> live_elements_beyond(const std::vector<LiveElement>& claimed) {
  std::set<std::string> names;
  for (const auto& element : claimed) {
    const auto key = key_of(element, element.first), end = end_of(element);
    names.insert(fmt::format("{} {{ {}", to_text(element.set), key.text(end.empty() ? key : end)));
  }
  const auto shortest = static_cast<std::uint64_t>(kShortestLife.count());
  return lines_if(
      [&](const std::string& name, std::uint64_t left) { return left > shortest && !names.contains(name); });
}

}  // namespace sallyport
