// Runs in: sallyportd (privileged). Never reads a peer's bytes.
#include "gateway/monitor/seeming_grant.h"

#include <algorithm>

#include "auth/decoy.h"
#include "base/encoding.h"
#include "base/sha256.h"

namespace sallyport {

namespace {

constexpr std::size_t kIdLength = 8, kLongestName = 64;

bool admits(const Grant& grant, const Address& source) {
  return grant.state == GrantState::armed &&
         std::any_of(grant.networks.begin(), grant.networks.end(),
                     [&](const Network& network) { return network.contains(source); });
}

// The grants that a name may be bound to: for the target that it named, if there are any.
std::vector<const Grant*> candidates(const NameAsked& asked, const Grants& grants) {
  std::vector<const Grant*> all, same_target;
  for (const auto& [id, grant] : grants) {
    if (!admits(grant, asked.source)) continue;
    all.push_back(&grant);
    if (grant.target == asked.target) same_target.push_back(&grant);
  }
  return same_target.empty() ? all : same_target;
}

// In the alphabet of real ids (gateway/core/ledger.cpp), from bits that nobody can guess without the key.
std::string own_id(std::string_view name, const std::string& grant, const Secret& key) {
  constexpr std::string_view alphabet = "0123456789abcdefghjkmnpqrstvwxyz";
  Sha256 draw;
  draw.update(key.reveal());
  draw.update(fmt::format("grant {} {} ", grant.size(), grant));
  draw.update(name);
  const auto bytes = from_hex(draw.hex()).value_or(std::string(32, '\0'));
  std::string id = "g-";
  for (std::size_t i = 0; i < kIdLength; ++i)
    id += alphabet[static_cast<unsigned char>(bytes[i]) % alphabet.size()];
  return id;
}

// As far as it can be written into a challenge; a name that cannot is no rep's.
std::string writable(std::string_view name) {
  std::string text{name.substr(0, kLongestName)};
  for (char& c : text)
    if (c <= ' ' || c >= '\x7f') c = '?';
  return text.empty() ? "?" : text;
}

}  // namespace

SeemingGrant seeming(const Grant& grant) {
  SeemingGrant seen{grant.id.value(), grant.rep, grant.target, {}, grant.user_verification};
  for (const auto& service : grant.services) seen.services.push_back(service.name);
  return seen;
}

SeemingGrant seeming_for(const NameAsked& asked, const Grants& grants, const Secret& key) {
  const auto live = candidates(asked, grants);
  std::vector<std::string_view> ids;
  for (const Grant* const grant : live) ids.push_back(grant->id.value());
  SeemingGrant seen;
  // Nobody gets this far with no grant live, but for the moment in which the last one ends.
  if (live.empty()) seen = {"", "", "hmc", {"ssh"}};
  if (!live.empty()) seen = seeming(*live[decoy_for(asked.rep, key, ids)]);
  if (!asked.target.empty()) seen.target = writable(asked.target);
  // A real grant is the same one with and without its target named, and has one target.
  seen.id = own_id(asked.rep, seen.id + " " + seen.target, key);
  seen.rep = writable(asked.rep);
  return seen;
}

}  // namespace sallyport
