// The host keys of a target, in target add, target scan and setup: read, shown, and chosen. A key is pinned
// only after a person has seen its fingerprint, or a script has named it. Runs in: sallyport.
#pragma once

#include <string>
#include <vector>

#include "gateway/audit/json.h"
#include "gateway/console/context.h"
#include "policies/host_key.h"

namespace sallyport {

// What --expect and --yes say.
struct PinOptions {
  std::vector<std::string> expected;  // fingerprints of host keys, and pins of certificates
  bool yes = false;

  std::vector<std::string> keys() const;
  std::vector<std::string> pins() const;
};

// `where` is what target.scan takes: a name, or addresses and a port.
Result<std::vector<HostKey>> scan_keys(ConsoleContext& context, nlohmann::json where);

bool is_among(const HostKey& key, const std::vector<std::string>& pinned);  // as target.list tells of them
std::string keys_text(const std::vector<HostKey>& keys, const std::vector<std::string>& pinned, bool color);
nlohmann::json lines_of(const std::vector<HostKey>& keys);

// Those of `keys` that `expected` names; an error when one named was not found.
Result<std::vector<HostKey>> expected_of(const std::vector<HostKey>& keys,
                                         const std::vector<std::string>& expected);
// The keys to pin: those expected, or all after a look and a "y".
Result<std::vector<HostKey>> chosen_keys(const ConsoleContext& context, const std::vector<HostKey>& keys,
                                         const PinOptions& options);

}  // namespace sallyport
