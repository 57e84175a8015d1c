// The rules about services: which are offered, from where, and whom they reach. Runs in: sallyportd.
#include <algorithm>

#include "policies/rules.h"

namespace sallyport {

namespace {

template <class Items, class Name>
std::vector<std::string> names_of(const Items& items, Name name) {
  std::vector<std::string> names;
  for (const auto& item : items) names.push_back(name(item));
  return names;
}

const std::string& name_of_service(const Service& service) { return service.name; }
const std::string& name_of_system(const ManagedSystem& system) { return system.name; }

std::vector<std::string> policies_for(const Catalogue& catalogue, TargetKind kind) {
  std::vector<std::string> names;
  for (const auto& [name, policy] : catalogue.policies)
    if (policy.targets.empty() ||
        std::find(policy.targets.begin(), policy.targets.end(), kind) != policy.targets.end())
      names.push_back(name);
  return names;
}

std::vector<Service> only(const std::vector<Service>& services, bool (*wanted)(const Service&)) {
  std::vector<Service> some;
  std::copy_if(services.begin(), services.end(), std::back_inserter(some), wanted);
  return some;
}

bool is_by_https(const Service& service) { return service.carriage == Carriage::https; }
// At which a rep logs in.
bool is_session(const Service& service) { return service.carriage == Carriage::ssh || is_by_https(service); }
bool is_forwarded(const Service& service) { return service.carriage == Carriage::forward; }
bool is_isolated(const Service& service) { return service.exposure == Exposure::isolated; }
bool reaches_managed_system(const Service& service) { return service.reach == Reach::managed_system; }

bool lies_in_any(const Network& network, const std::vector<Network>& outer) {
  return std::any_of(outer.begin(), outer.end(), [&](const Network& other) {
    return other.contains(network.first()) && other.contains(network.last());
  });
}

const char* word_of(Family family) { return family == Family::ipv4 ? "IPv4" : "IPv6"; }

// Whom a service reaches: how a sentence calls it, and where it is.
struct Reached {
  std::string name;
  const std::vector<Address>& addresses;
};

const ManagedSystem* system_named(const Target& target, const std::string& name) {
  const auto found = std::find_if(target.managed_systems.begin(), target.managed_systems.end(),
                                  [&](const ManagedSystem& system) { return system.name == name; });
  return found == target.managed_systems.end() ? nullptr : &*found;
}

Reached reached_by(const Service& service, const Target& target, const Permit& permit) {
  if (service.reach == Reach::hmc) return {fmt::format("target '{}'", target.name), target.addresses};
  return {fmt::format("managed system '{}'", permit.managed_system),
          system_named(target, permit.managed_system)->addresses};
}

}  // namespace

Done policy_is_for_this_kind(const Case& c, Permit&) {
  const auto& kinds = c.policy().targets;
  const auto kind = c.target().kind;
  if (kinds.empty() || std::find(kinds.begin(), kinds.end(), kind) != kinds.end()) return {};
  return fail("policy '{}' is not for targets of kind {}, which '{}' is (policies for it: {})",
              c.policy().name, to_text(kind), c.target().name, listing(policies_for(c.catalogue, kind)));
}

// White paper, "Legacy, Removed": such a service is off unless the request names it.
Done services_are_chosen(const Case& c, Permit& permit) {
  const auto& offered = c.policy().services;
  const auto& named = c.request.services;
  for (const auto& name : named)
    if (std::none_of(offered.begin(), offered.end(), [&](const Service& s) { return s.name == name; }))
      return fail("policy '{}' has no service '{}' (known: {})", c.policy().name, escape_terminal(name),
                  listing(names_of(offered, name_of_service)));
  for (auto service : offered) {
    if (service.legacy && std::find(named.begin(), named.end(), service.name) == named.end()) continue;
    service.description.clear();
    permit.services.push_back(std::move(service));
  }
  return {};
}

// The session is what was logged in to: what opens with it closes with it.
Done a_session_can_start(const Case& c, Permit& permit) {
  if (std::any_of(permit.services.begin(), permit.services.end(), is_session)) return {};
  return fail(
      "policy '{}' offers no service that a session could start with: it has none with carriage \"ssh\" "
      "or \"https\", or only a legacy one that is not named",
      c.policy().name);
}

// At each door that opens: the rep's method there must be one of the policy's, so that no door is a way
// around it. A door at which the rep cannot answer is no way in at all, and does no harm beside another.
Done rep_can_answer(const Case& c, Permit& permit) {
  const auto& rep = c.rep();
  const auto& methods = c.policy().methods;
  bool can = false;
  for (const auto door : {Carriage::ssh, Carriage::https}) {
    const auto method = method_at(rep, door);
    const auto is_there = [door](const Service& service) { return service.carriage == door; };
    if (!method || std::none_of(permit.services.begin(), permit.services.end(), is_there)) continue;
    if (std::find(methods.begin(), methods.end(), *method) == methods.end())
      return fail("policy '{}' does not allow the challenge method of rep '{}' ({})", c.policy().name,
                  rep.name, to_text(*method));
    can = can || c.is_enrolled_for(rep, *method);
  }
  if (can) return {};
  return fail(
      "rep '{0}' could not answer at a door of policy '{1}': WebAuthn is asked for at the HTTPS door alone, "
      "and "
      "needs a key there (sallyport rep show {0})",
      rep.name, c.policy().name);
}

Done https_has_its_door(const Case& c, Permit& permit) {
  const auto found = std::find_if(permit.services.begin(), permit.services.end(), is_by_https);
  if (found == permit.services.end()) return {};
  if (!c.catalogue.settings.https)
    return fail(
        "service '{}' of policy '{}' is carried by the gate's HTTPS door, and there is none (add [https] to "
        "sallyport.toml and restart the gate, or use a policy without it)",
        found->name, c.policy().name);
  if (!c.target().https)
    return fail(
        "service '{}' of policy '{}' is carried by https, and of target '{}' nothing says how its "
        "certificate "
        "is known (add [https] with 'pins' to targets/{}.toml, or use a policy without it)",
        found->name, c.policy().name, c.target().name, c.target().name);
  return {};
}

// Whoever comes to that port must not have to be told apart by where the kernel sends it.
Done https_door_is_not_forwarded(const Case& c, Permit& permit) {
  const auto& door = c.catalogue.settings.https;
  if (!door) return {};
  for (const auto& service : only(permit.services, is_forwarded))
    if (service.port == door->port && std::find(service.transports.begin(), service.transports.end(),
                                                Transport::tcp) != service.transports.end())
      return fail(
          "service '{}' of policy '{}' forwards port {}, where the gate's own HTTPS door is ('port' in "
          "[https]; "
          "use a policy that carries it by https, such as hmc-web)",
          service.name, c.policy().name, service.port.value());
  return {};
}

// SSH to the target goes through the proxy that records it, or not at all (I6).
Done no_way_around_the_recording(const Case& c, Permit& permit) {
  for (const auto& service : permit.services)
    if (service.carriage != Carriage::ssh && service.reach == Reach::hmc &&
        service.port == c.target().ssh_port &&
        std::find(service.transports.begin(), service.transports.end(), Transport::tcp) !=
            service.transports.end())
      return fail(
          "service '{}' of policy '{}' leads past the recording to port {}, the SSH port of target '{}' (use "
          "a policy without it)",
          service.name, c.policy().name, service.port.value(), c.target().name);
  return {};
}

// White paper, below the port list: the ports other than 22 and 443 "must be in private / isolated network".
Done isolated_services_stay_isolated(const Case& c, Permit& permit) {
  const auto services = only(permit.services, is_isolated);
  if (services.empty()) return {};
  const auto& isolated = c.catalogue.settings.isolated_networks;
  for (const auto& network : permit.networks)
    if (!lies_in_any(network, isolated))
      return fail(
          "rule 'isolated': of policy '{}', {} may be used from an isolated network only (exposure = "
          "\"isolated\"), and {} lies in none: use a policy without that, narrow --from, or declare the "
          "network in 'isolated_networks' of sallyport.toml and restart the gate (declared: {})",
          c.policy().name, listing(names_of(services, name_of_service)), network.text(),
          listing(names_of(isolated, [](const Network& n) { return n.text(); })));
  return {};
}

Done managed_system_is_clear(const Case& c, Permit& permit) {
  const auto& asked = c.request.managed_system;
  const auto& target = c.target();
  const auto needing = only(permit.services, reaches_managed_system);
  if (needing.empty() && !asked.empty())
    return fail(
        "managed system '{}' is named, but no service of policy '{}' reaches one (leave it out, or use "
        "another policy)",
        escape_terminal(asked), c.policy().name);
  if (needing.empty()) return {};
  const auto& service = needing.front().name;
  if (target.kind == TargetKind::ds8000)
    return fail(
        "service '{}' reaches a managed system, and of '{}', a DS8000, only the HMC is reached (use a "
        "policy without it)",
        service, target.name);
  const auto known = listing(names_of(target.managed_systems, name_of_system));
  if (target.managed_systems.empty())
    return fail(
        "service '{}' reaches a managed system, and target '{}' lists none (add a [[managed_system]] "
        "to targets/{}.toml, or use a policy without it)",
        service, target.name, target.name);
  if (asked.empty() && target.managed_systems.size() > 1)
    return fail("service '{}' reaches a managed system, and target '{}' lists several: name one (known: {})",
                service, target.name, known);
  if (!asked.empty() && system_named(target, asked) == nullptr)
    return fail("target '{}' has no managed system '{}' (known: {})", target.name, escape_terminal(asked),
                known);
  permit.managed_system = asked.empty() ? target.managed_systems.front().name : asked;
  return {};
}

// The kernel forwards within a family: IPv6 from the rep cannot become IPv4 to the target.
Done every_family_is_reached(const Case& c, Permit& permit) {
  for (const auto& service : only(permit.services, is_forwarded)) {
    const auto reached = reached_by(service, c.target(), permit);
    for (const auto& network : permit.networks) {
      const auto family = network.first().family();
      const auto fits = [family](const Address& address) { return address.family() == family; };
      if (std::any_of(reached.addresses.begin(), reached.addresses.end(), fits)) continue;
      return fail(
          "service '{}' is forwarded, and {} has no {} address for who comes from {} (add one to "
          "targets/{}.toml, leave that network out of --from, or use a policy without it)",
          service.name, reached.name, word_of(family), network.text(), c.target().name);
    }
  }
  return {};
}

}  // namespace sallyport
