// The kinds of sets that our tables use. Runs in: sallyportd (privileged).
#pragma once

#include <cstdint>
#include <string>

#include "base/endpoint.h"
#include "firewall/nft_handles.h"
#include "firewall/set_key.h"

namespace sallyport {

enum class SetUse : std::uint8_t {
  lasting,          // exact keys, no deadline
  expiring,         // exact keys, each with a deadline
  expiring_map,     // exact keys, each with a deadline and an address to which it leads
  meters,           // exact keys that packets add by themselves, each counting packets and bytes
  expiring_ranges,  // ranges of addresses, each with a deadline
};

NftSet make_set(const std::string& table, const std::string& name, KeyType type, SetUse use);

// What the keys of a set, and the data of a map, look like. Of a foreign set: `other`.
KeyType key_type_of(const nftnl_set* set);
KeyType data_type_of(const nftnl_set* set);

}  // namespace sallyport
