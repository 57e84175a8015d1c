// Runs in: sallyportd (privileged).
#include "firewall/live_table.h"

#include <algorithm>
#include <array>
#include <set>

#include "firewall/set_type.h"

namespace sallyport {

namespace {

using Elements = Transaction::Elements;
constexpr std::array kFamilies{Family::ipv4, Family::ipv6};

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

void add(Transaction& transaction, const Passage& passage, LiveSet set, BootTime now) {
  auto element = element_of(passage, set);
  // Rounded down: closed rather early than late.
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(passage.until - now);
  element.milliseconds = static_cast<std::uint64_t>(std::max(left, kShortestLife).count());
  transaction.add_element(name_of(set, passage.family), element);
}

// Set by set, so that the elements of one set are neighbours.
template <class Act>
void for_each_element(const std::vector<Passage>& passages, const Act& act) {
  for (const auto family : kFamilies)
    for (const auto set : kLiveSets)
      for (const auto& passage : passages)
        if (passage.family == family && has_element(passage, set)) act(passage, set);
}

void add_all(Transaction& transaction, const std::vector<Passage>& passages, BootTime now) {
  for_each_element(passages,
                   [&](const Passage& passage, LiveSet set) { add(transaction, passage, set, now); });
}

bool counts_on(const Holdings::Difference& difference, const Passage& removed) {
  return std::ranges::any_of(difference.add, [&](const Passage& added) {
    return is_counted(added) && key_of(added) == key_of(removed) && added.target == removed.target;
  });
}

// Those of what is removed for good: another deadline goes on counting.
template <class Act>
void for_each_meter(const Holdings::Difference& difference, const Act& act) {
  for (const auto meters : {Meters::in, Meters::out})
    for (const auto& passage : difference.remove)
      if (is_counted(passage) && !counts_on(difference, passage))
        act(name_of(meters, passage.family), key_of(passage));
}

void add_gate(Transaction& transaction, const std::vector<Address>& gate) {
  for (const auto& address : gate) transaction.add_element(gate_set(address.family()), {SetKey::of(address)});
}

// Among the objections is one to an element that is not there. There may be others because of it: at such an
// element the kernel leaves the rest of its message undone, and adding that rest anew is refused as well.
bool is_about_expired_elements(const Verdict& verdict) {
  return verdict.outcome == Verdict::Outcome::refused &&
         std::ranges::any_of(verdict.refusals, [](const auto& refusal) { return refusal.code == ENOENT; });
}

// Takes out what the kernel did not find, of removals that were a batch's first messages, in order. False: it
// found them all.
template <class Removal>
bool drop_expired(std::vector<Removal>& removals, const Verdict& verdict) {
  std::set<std::size_t> expired;
  for (const auto& refusal : verdict.refusals)
    if (refusal.code == ENOENT && refusal.message < removals.size()) expired.insert(refusal.message);
  for (auto at = expired.rbegin(); at != expired.rend(); ++at)
    removals.erase(removals.begin() + static_cast<std::ptrdiff_t>(*at));
  return !expired.empty();
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

SetKey key_of(const Passage& passage) {
  return SetKey::of(passage.family, passage.first, passage.transport, passage.port);
}

Element element_of(const Passage& passage, LiveSet set) {
  const auto& p = passage;
  switch (set) {
    case LiveSet::translate:
      return {key_of(p), {}, SetKey::of(p.family, p.target)};
    case LiveSet::forwarded:
      return {SetKey::of(p.family, p.first, p.transport, p.port, p.target)};
    case LiveSet::entry:
      return {key_of(p), SetKey::of(p.family, p.last, p.transport, p.port)};
    case LiveSet::admitted:
    case LiveSet::masked:
    case LiveSet::dial:
      break;
  }
  return {key_of(p)};
}

Result<LiveTable> LiveTable::create(std::uint32_t mark_bit, const std::vector<Address>& gate) {
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
  add_gate(transaction, gate);
  if (const auto verdict = transaction.commit(socket); !verdict) return tl::unexpected{explain(verdict)};
  LiveTable live{std::move(socket)};
  live.probe_destroying();
  return live;
}

// Old kernels do not know the message. Nothing is there to be removed yet.
void LiveTable::probe_destroying() {
  Transaction transaction{kLiveTable};
  const auto key = SetKey::of(Family::ipv4, {}, Transport::tcp, Port{1});
  transaction.destroy_element(name_of(Meters::in, Family::ipv4), {key});
  can_destroy_ = transaction.commit(socket_).outcome == Verdict::Outcome::done;
}

Verdict LiveTable::apply(const Holdings::Difference& difference, BootTime now) {
  Transaction transaction{kLiveTable, Elements::together};
  for_each_element(difference.remove, [&](const Passage& passage, LiveSet set) {
    transaction.delete_element(name_of(set, passage.family), element_of(passage, set));
  });
  add_all(transaction, difference.add, now);
  if (can_destroy_)
    for_each_meter(difference,
                   [&](const char* set, const SetKey& key) { transaction.destroy_element(set, {key}); });
  auto verdict = transaction.commit(socket_);
  if (!difference.remove.empty() && is_about_expired_elements(verdict))
    verdict = apply_one_by_one(difference, now);
  else if (can_destroy_)
    return verdict;
  if (verdict) remove_meters(difference);
  return verdict;
}

// Most of them may not be there: no packet came. Which, the kernel says, and the second try does the rest.
// What is left in spite of it opens nothing, and is forgotten in time.
void LiveTable::remove_meters(const Holdings::Difference& difference) {
  std::vector<std::pair<const char*, SetKey>> all;
  for_each_meter(difference, [&](const char* set, const SetKey& key) { all.emplace_back(set, key); });
  for (int tries = 0; tries < 2 && !all.empty(); ++tries) {
    Transaction transaction{kLiveTable};
    for (const auto& [set, key] : all) transaction.delete_element(set, {key});
    if (const auto verdict = transaction.commit(socket_);
        verdict.outcome != Verdict::Outcome::refused || !drop_expired(all, verdict))
      return;
  }
}

// Removing what has just expired fails the whole batch. The kernel names each such message, so the second try
// leaves them out; a third meets only what expired in between. Each try has fewer removals than the one
// before.
Verdict LiveTable::apply_one_by_one(const Holdings::Difference& difference, BootTime now) {
  std::vector<std::pair<const char*, Element>> removals;
  for_each_element(difference.remove, [&](const Passage& passage, LiveSet set) {
    removals.emplace_back(name_of(set, passage.family), element_of(passage, set));
  });
  for (;;) {
    Transaction transaction{kLiveTable, Elements::one_a_message};
    for (const auto& [set, element] : removals) transaction.delete_element(set, element);
    add_all(transaction, difference.add, now);
    auto verdict = transaction.commit(socket_);
    if (verdict.outcome != Verdict::Outcome::refused || !drop_expired(removals, verdict)) return verdict;
  }
}

Verdict LiveTable::refill(const std::vector<Passage>& passages, BootTime now) {
  Transaction transaction{kLiveTable, Elements::together};
  for (const auto family : kFamilies)
    for (const auto set : kLiveSets) transaction.flush_set(name_of(set, family));
  add_all(transaction, passages, now);
  return transaction.commit(socket_);
}

Verdict LiveTable::set_gate(const std::vector<Address>& gate) {
  Transaction transaction{kLiveTable};
  for (const auto family : kFamilies) transaction.flush_set(gate_set(family));
  add_gate(transaction, gate);
  return transaction.commit(socket_);
}

Result<Volume> LiveTable::volume(Meters meters, const Passage& passage) {
  Volume volume;
  const auto build = [&](nlmsghdr* message) {
    put_elements(message, kLiveTable, name_of(meters, passage.family), {{key_of(passage)}});
  };
  const auto read = [&](const nlmsghdr* message) -> Done {
    volume = parse_volume(message).value_or(volume);
    return {};
  };
  const auto done = socket_.ask({NFT_MSG_GETSETELEM}, build, read);
  if (done || done.error().code() == ENOENT) return volume;
  return tl::unexpected{done.error().within("reading a meter")};
}

Done LiveTable::check() const {
  ASSIGN_OR_RETURN(const auto header, read_table_header(kLiveTable));
  if (!header) return fail("table inet {} is gone", kLiveTable);
  if (header->owner != socket_.port_id()) return fail("table inet {} is not this daemon's", kLiveTable);
  return {};
}

Result<LiveElements> read_live_elements() {
  ASSIGN_OR_RETURN(auto elements, read_elements(kLiveTable));
  LiveElements live;
  const auto is_of = [](const SetElement& element, const auto& name) {
    return element.set == name(Family::ipv4) || element.set == name(Family::ipv6);
  };
  for (auto& element : elements)
    if (is_of(element, [](Family family) { return name_of(Meters::in, family); }))
      live.in[element.key] = element.volume.value_or(Volume{});
    else if (is_of(element, [](Family family) { return name_of(Meters::out, family); }))
      live.out[element.key] = element.volume.value_or(Volume{});
    else if (!is_of(element, gate_set))
      live.elements.push_back(std::move(element));
  return live;
}

std::string line_of(const SetElement& element) {
  const auto leads_to = element.data.empty() ? std::string{} : " : " + element.data.text();
  return fmt::format("element inet {} {} {{ {} expires {}{} }}", kLiveTable, element.set, element.key_text(),
                     duration_text(element.milliseconds), leads_to);
}

}  // namespace sallyport
