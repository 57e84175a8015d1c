// The rules of an enable request: deny wins, silence denies, and a refusal names the rule and what is known.
// Pure, but for one look at whether a rep is enrolled. Runs in: sallyportd.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/endpoint.h"
#include "base/result.h"
#include "policies/catalogue.h"

namespace sallyport {

// What an admin asked for, as the console sent it.
struct EnableRequest {
  std::string rep, target, policy;
  std::vector<std::string> networks;  // CIDR texts
  std::optional<std::chrono::seconds> connect_within, session;
  std::vector<std::string> services;  // "legacy, removed" ones to offer too, by name
  std::string managed_system;         // may be empty: then the only one, where a service needs one
  std::string ticket, reason;
};

// What the ledger writes down: every rule has agreed, every default is filled in.
struct Permit {
  std::string rep, target, policy;
  std::string managed_system;     // empty: no service reaches one
  std::vector<Service> services;  // what the session opens, without the descriptions
  std::vector<Network> networks;
  std::chrono::seconds connect_within{};
  std::chrono::seconds session{};
  std::chrono::seconds idle{};
  std::uint32_t failed_logins = 0;
  bool failed_dial_spends = false;
  bool user_verification = false;
  std::string ticket, reason;
};

// When the request does not say, unless the policy allows less.
inline constexpr std::chrono::seconds kDefaultConnectWithin = std::chrono::minutes{30};
inline constexpr std::chrono::seconds kDefaultSession = std::chrono::hours{4};
// A wider network is not a place that somebody comes from.
inline constexpr int kShortestPrefixIpv4 = 8;
inline constexpr int kShortestPrefixIpv6 = 16;
inline constexpr std::size_t kLongestNote = 256;  // bytes of a ticket or a reason
inline constexpr std::size_t kMostNetworks = 64;

// Whether the file that this method of the rep's needs is there: a secret, or enrolled keys; comes in from
// outside so that a test needs no file.
using IsEnrolled = std::function<bool(const Rep&, ResponseMethod)>;
bool enrolled_file_exists(const Rep& rep, ResponseMethod method);
// For the method of any door.
bool is_enrolled(const Rep& rep, const IsEnrolled& is_enrolled_for = enrolled_file_exists);

Result<Permit> evaluate(const Catalogue& catalogue, const EnableRequest& request,
                        const IsEnrolled& is_enrolled_for = enrolled_file_exists);

}  // namespace sallyport
