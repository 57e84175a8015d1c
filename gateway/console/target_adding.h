// Making a target known: reads its host keys and certificate, has them pinned, hands the gate what it logs in
// with. For target add and setup. Runs in: sallyport.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "gateway/console/target_keys.h"

namespace sallyport {

// Its web interface beside its SSH server.
struct HttpsOptions {
  bool wanted = false;
  std::uint16_t port = 443;
  std::string name;
};

struct NewTarget {
  std::string name, user, login = "prompt", description, secret_file, host_key;
  std::vector<std::string> addresses;
  std::uint16_t port = 22;
  bool legacy = false;
  HttpsOptions https;
  PinOptions pin;
};

// What the gate answered: {"target": …}.
Result<nlohmann::json> add_target(ConsoleContext& context, const NewTarget& target);

}  // namespace sallyport
