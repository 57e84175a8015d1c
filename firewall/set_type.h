// The kinds of sets that our tables use. Runs in: sallyportd (privileged).
#pragma once

#include <cstdint>
#include <string>

#include "base/endpoint.h"
#include "firewall/nft_handles.h"

namespace sallyport {

enum class SetType : std::uint8_t { address, address_transport_port };
enum class SetUse : std::uint8_t {
  lasting,          // exact keys, no deadline
  expiring,         // exact keys, each with a deadline
  expiring_ranges,  // ranges of addresses, each with a deadline
};

NftSet make_set(const std::string& table, const char* name, SetType type, Family family, SetUse use);

}  // namespace sallyport
