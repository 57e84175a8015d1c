// Runs in: sallyport-respond (as the representative).
#include "auth/respond/check_challenge.h"

#include <algorithm>

#include "base/duration.h"
#include "base/escape.h"

namespace sallyport {

namespace {

using std::chrono::seconds;

constexpr seconds kClocksAgree{30};

std::string list(std::vector<std::string> names) {
  std::sort(names.begin(), names.end());
  std::string text;
  for (const auto& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

std::optional<Refusal> unless_same(std::string_view what, const std::optional<std::string>& expected,
                                   const std::string& said) {
  if (!expected || *expected == said) return std::nullopt;
  return Refusal{fmt::format("you expect the {} '{}', but this challenge is for '{}'", what,
                             escape_terminal(*expected), escape_terminal(said))};
}

std::optional<Refusal> first_of(std::initializer_list<std::optional<Refusal>> refusals) {
  for (const auto& refusal : refusals)
    if (refusal) return refusal;
  return std::nullopt;
}

std::string clock_of(std::chrono::sys_seconds time) { return to_rfc3339(time).substr(0, 19) + "Z"; }

std::string two_clocks(const ChallengeText& said, std::chrono::sys_seconds now) {
  return fmt::format("the gate's clock said {}, this machine's says {}", clock_of(said.time), clock_of(now));
}

std::string length(seconds time) { return to_text(std::max(time, seconds{0})); }

}  // namespace

std::optional<Refusal> check_expected(const Expectation& expected, const ChallengeText& said) {
  std::optional<Refusal> services;
  if (expected.services && list(*expected.services) != list(said.services))
    services =
        Refusal{fmt::format("you expect the services {}, but this challenge is for {}",
                            escape_terminal(list(*expected.services)), escape_terminal(list(said.services)))};
  return first_of({unless_same("gate", expected.gate, said.gateway),
                   unless_same("target", expected.target, said.target),
                   unless_same("grant", expected.grant, said.grant), services});
}

std::optional<Refusal> check_expected(const Expectation& expected, const AskedQuestion& asked, bool bound) {
  if (expected.target || expected.services)
    return Refusal{
        "a response cannot be held to a target or services, because the challenge does not name them; expect "
        "a "
        "grant (--grant), or let the site enroll a key for signatures"};
  if (asked.place && !bound)
    return Refusal{
        "the challenge names a gate and a grant, but your suite has no session information (S): the response "
        "would be good anywhere"};
  const bool held = expected.grant || expected.gate;
  if (held && !asked.place)
    return Refusal{
        "you expect a certain gate or grant, but this challenge names neither, and its response would be "
        "good "
        "anywhere"};
  if (!held) return std::nullopt;
  return first_of({unless_same("gate", expected.gate, asked.place->gate),
                   unless_same("grant", expected.grant, asked.place->grant)});
}

std::optional<Refusal> check_time(const ChallengeText& said, std::chrono::sys_seconds now,
                                  seconds tolerance) {
  if (now > said.expires + tolerance)
    return Refusal{fmt::format("the challenge ran out {} ago: {}. Connect again, or set the clock right",
                               length(now - said.expires), two_clocks(said, now))};
  if (now < said.time - tolerance)
    return Refusal{fmt::format("the challenge is from the future, by {}: {}. Set the clock right",
                               length(said.time - now), two_clocks(said, now))};
  return std::nullopt;
}

std::string clock_remark(const ChallengeText& said, std::chrono::sys_seconds now) {
  if (now > said.expires || now < said.time - kClocksAgree)
    return fmt::format("The two clocks differ: {}. The gate goes by its own.", two_clocks(said, now));
  return {};
}

Standing standing(const KnownGates& known, std::string_view name, std::string_view fingerprint) {
  const auto gates = known.named(name);
  if (gates.empty()) return Standing::first_use;
  const bool same = std::any_of(gates.begin(), gates.end(),
                                [&](const KnownGate& gate) { return gate.fingerprint == fingerprint; });
  return same ? Standing::known : Standing::changed;
}

Refusal changed_gate(const KnownGates& known, std::string_view name, std::string_view fingerprint) {
  const auto gates = known.named(name);
  return {fmt::format(
      "the gate '{0}' shows another host key than before.\n"
      "  known since {1}: {2}\n"
      "  this challenge: {3}\n"
      "Either the site has changed the key, or somebody stands between you and the gate. Ask the site, over "
      "another way. If it was changed:\n"
      "  sallyport-respond --forget-gate {0}\n"
      "  sallyport-respond --add-gate {0} {3}",
      escape_terminal(name), gates.front().first_seen, gates.front().fingerprint,
      escape_terminal(fingerprint))};
}

std::string in_lines(const ChallengeText& said, std::chrono::sys_seconds now) {
  auto text = fmt::format("Gate {} asks for a signature by {}\n", said.gateway, said.rep);
  text += fmt::format("  target    {}\n  services  {}\n  grant     {}\n", said.target, list(said.services),
                      said.grant);
  text += fmt::format("  host key  {}\n", said.host_key);
  text += fmt::format("  valid     until {} ({} left)", clock_of(said.expires), length(said.expires - now));
  return text;
}

}  // namespace sallyport
