// Runs in: sallyportd.
#include "policies/evaluate.h"

#include <algorithm>
#include <system_error>

#include "base/duration.h"
#include "base/escape.h"
#include "policies/rules.h"

namespace sallyport {

namespace {

template <class Map>
Done listed(const char* kind, const Map& map, const std::string& name) {
  if (name.empty()) return fail("no {} is named (known: {})", kind, names_in(map));
  if (!map.contains(name)) return fail("no {} '{}' (known: {})", kind, escape_terminal(name), names_in(map));
  return {};
}

Done rep_is_known(const Case& c, Permit& permit) {
  RETURN_IF_ERROR(listed("rep", c.catalogue.reps, c.request.rep));
  permit.rep = c.request.rep;
  return {};
}

Done rep_is_enrolled(const Case& c, Permit&) {
  if (is_enrolled(c.rep(), c.is_enrolled_for)) return {};
  return fail("rep '{0}' is not enrolled and could not answer a challenge (run: sallyport rep enroll {0})",
              c.request.rep);
}

Done target_is_known(const Case& c, Permit& permit) {
  RETURN_IF_ERROR(listed("target", c.catalogue.targets, c.request.target));
  permit.target = c.request.target;
  return {};
}

Done policy_is_known(const Case& c, Permit& permit) {
  RETURN_IF_ERROR(listed("policy", c.catalogue.policies, c.request.policy));
  const auto& policy = c.policy();
  permit.policy = policy.name;
  permit.idle = policy.idle;
  permit.failed_logins = policy.failed_logins;
  permit.failed_dial_spends = policy.failed_dial_spends;
  permit.user_verification = policy.user_verification;
  return {};
}

Done narrow_enough(const Network& network) {
  const bool v4 = network.first().family() == Family::ipv4;
  const int shortest = v4 ? kShortestPrefixIpv4 : kShortestPrefixIpv6;
  if (network.prefix_length() >= shortest) return {};
  return fail("network {} is too wide: name where the rep comes from, at most a /{} of {}", network.text(),
              shortest, v4 ? "IPv4" : "IPv6");
}

// Elements that overlap would be refused by the kernel as a whole batch; the wider one says it all.
void drop_contained(std::vector<Network>& networks) {
  std::sort(networks.begin(), networks.end(),
            [](const Network& a, const Network& b) { return a.prefix_length() < b.prefix_length(); });
  std::vector<Network> kept;
  for (const auto& network : networks) {
    const auto covers = [&](const Network& other) { return other.contains(network.first()); };
    if (std::none_of(kept.begin(), kept.end(), covers)) kept.push_back(network);
  }
  std::sort(kept.begin(), kept.end());
  networks = std::move(kept);
}

Done networks_are_named(const Case& c, Permit& permit) {
  if (c.request.networks.empty()) return fail("no source network is named (expected e.g. 203.0.113.0/24)");
  if (c.request.networks.size() > kMostNetworks)
    return fail("{} source networks are named (at most {})", c.request.networks.size(), kMostNetworks);
  for (const auto& text : c.request.networks) {
    auto network = Network::parse(text);
    if (!network) return fail("source network: {}", escape_terminal(network.error().message()));
    RETURN_IF_ERROR(narrow_enough(*network));
    permit.networks.push_back(*network);
  }
  drop_contained(permit.networks);
  return {};
}

Result<std::chrono::seconds> within(const char* what, std::optional<std::chrono::seconds> asked,
                                    std::chrono::seconds usual, std::chrono::seconds most,
                                    const std::string& policy) {
  const auto value = asked.value_or(std::min(usual, most));
  if (value <= std::chrono::seconds{0})
    return fail("{} must be more than 0 (policy '{}' allows up to {})", what, policy, to_text(most));
  if (value > most)
    return fail("{} of {} is over the limit of policy '{}' ({})", what, to_text(value), policy,
                to_text(most));
  return value;
}

Done time_to_connect_is_within_policy(const Case& c, Permit& permit) {
  const auto& policy = c.policy();
  ASSIGN_OR_RETURN(permit.connect_within, within("time to connect", c.request.connect_within,
                                                 kDefaultConnectWithin, policy.connect_within, policy.name));
  return {};
}

Done session_is_within_policy(const Case& c, Permit& permit) {
  const auto& policy = c.policy();
  ASSIGN_OR_RETURN(permit.session,
                   within("session length", c.request.session, kDefaultSession, policy.session, policy.name));
  return {};
}

// Notes are read by people, in tables and in the journal: nothing that moves a cursor belongs in them.
Done readable(const char* what, const std::string& text) {
  if (text.size() > kLongestNote)
    return fail("{} has {} bytes (at most {})", what, text.size(), kLongestNote);
  std::string plain = text;
  std::replace(plain.begin(), plain.end(), '\\', '/');  // the one printable character that escaping changes
  if (escape_terminal(plain) != plain) return fail("{} holds control characters or is not UTF-8", what);
  return {};
}

Done notes_are_readable(const Case& c, Permit& permit) {
  RETURN_IF_ERROR(readable("ticket", c.request.ticket));
  RETURN_IF_ERROR(readable("reason", c.request.reason));
  permit.ticket = c.request.ticket;
  permit.reason = c.request.reason;
  return {};
}

constexpr Rule kRules[] = {
    rep_is_known,
    rep_is_enrolled,
    target_is_known,
    policy_is_known,
    policy_is_for_this_kind,
    services_are_chosen,
    a_session_can_start,
    rep_can_answer,
    https_has_its_door,
    https_door_is_not_forwarded,
    no_way_around_the_recording,
    networks_are_named,
    isolated_services_stay_isolated,
    managed_system_is_clear,
    every_family_is_reached,
    time_to_connect_is_within_policy,
    session_is_within_policy,
    notes_are_readable,
};

}  // namespace

bool enrolled_file_exists(const Rep& rep, ResponseMethod method) {
  std::error_code error;
  return std::filesystem::is_regular_file(std::filesystem::symlink_status(enrolled_file(rep, method), error));
}

bool is_enrolled(const Rep& rep, const IsEnrolled& is_enrolled_for) {
  return is_enrolled_for(rep, rep.method) || (rep.webauthn && is_enrolled_for(rep, ResponseMethod::webauthn));
}

Result<Permit> evaluate(const Catalogue& catalogue, const EnableRequest& request,
                        const IsEnrolled& is_enrolled_for) {
  Permit permit;
  for (const auto rule : kRules) RETURN_IF_ERROR(rule(Case{catalogue, request, is_enrolled_for}, permit));
  return permit;
}

}  // namespace sallyport
