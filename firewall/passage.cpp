// Runs in: sallyportd (privileged). Pure.
#include "firewall/passage.h"

#include "base/check.h"

namespace sallyport {

const char* name_of(LiveSet set, Family family) noexcept {
  constexpr std::array<std::array<const char*, 2>, kLiveSets.size()> kNames{{{"admitted4", "admitted6"},
                                                                             {"translate4", "translate6"},
                                                                             {"forwarded4", "forwarded6"},
                                                                             {"masked4", "masked6"},
                                                                             {"dial4", "dial6"},
                                                                             {"entry4", "entry6"}}};
  return kNames[static_cast<std::size_t>(set)][family == Family::ipv4 ? 0 : 1];
}

bool has_element(const Passage& passage, LiveSet set) noexcept {
  using Kind = Passage::Kind;
  switch (set) {
    case LiveSet::admitted:
      return passage.kind == Kind::address;
    case LiveSet::translate:
    case LiveSet::forwarded:
      return passage.kind == Kind::forward;
    case LiveSet::masked:
      return passage.kind == Kind::forward && passage.translate_source;
    case LiveSet::dial:
      return passage.kind == Kind::dial;
    case LiveSet::entry:
      return passage.kind == Kind::network;
  }
  our_bug(true, "live set out of range");
  return false;
}

namespace {

bool is_one_address(const Network& network) { return network.first() == network.last(); }

Passage::Kind kind_of(const Opening& opening) {
  switch (opening.way) {
    case Opening::Way::entry:
      return is_one_address(opening.network) ? Passage::Kind::address : Passage::Kind::network;
    case Opening::Way::dial:
      return Passage::Kind::dial;
    case Opening::Way::forward:
      return Passage::Kind::forward;
  }
  our_bug(true, "way out of range");
  return Passage::Kind::address;
}

// Network::last() is an Address, and an IPv4-mapped one would have become IPv4.
bool keeps_its_family(const Network& network) { return network.first().family() == network.last().family(); }

Done check_target(const Opening& opening) {
  if (opening.way != Opening::Way::forward) {
    if (opening.target || opening.translate_source)
      return fail("{}: only what is forwarded has a target", text_of(opening));
    return {};
  }
  if (!opening.target) return fail("{}: forwarded to nobody", text_of(opening));
  if (opening.target->family() != opening.network.first().family())
    return fail("{}: {} is of the other family", text_of(opening), opening.target->text());
  return {};
}

Done check_opening(const Opening& opening, BootTime now) {
  if (opening.port.value() == 0) return fail("{}: there is no port 0 to open", text_of(opening));
  if (!keeps_its_family(opening.network))
    return fail("{}: the network is neither IPv4 nor IPv6", text_of(opening));
  if (opening.way == Opening::Way::dial && !is_one_address(opening.network))
    return fail("{}: the gate's own way is opened to one address at a time", text_of(opening));
  if (opening.way == Opening::Way::forward && !is_one_address(opening.network))
    return fail("{}: a port is forwarded for one address at a time", text_of(opening));
  RETURN_IF_ERROR(check_target(opening));
  if (opening.until < now + kShortestLife) return fail("{}: past its deadline", text_of(opening));
  return {};
}

}  // namespace

std::string text_of(const Opening& opening) {
  return fmt::format("{} port {}/{}", opening.network.text(), to_text(opening.transport),
                     opening.port.value());
}

Passage passage_of(const Opening& opening) {
  Passage passage{kind_of(opening),
                  opening.network.first().family(),
                  opening.transport,
                  opening.port,
                  IpNumber::of(opening.network.first()),
                  {},
                  opening.until,
                  {},
                  opening.translate_source};
  passage.last =
      passage.kind == Passage::Kind::network ? IpNumber::of(opening.network.last()) : passage.first;
  if (opening.target) passage.target = IpNumber::of(*opening.target);
  return passage;
}

Done check_openings(const std::vector<Opening>& openings, BootTime now) {
  for (const auto& opening : openings) RETURN_IF_ERROR(check_opening(opening, now));
  return {};
}

}  // namespace sallyport
