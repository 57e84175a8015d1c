// Runs in: sallyportd (privileged).
#include "firewall/set_type.h"

#include <array>

#include "base/check.h"

namespace sallyport {

namespace {

// Numbers that nft gives to its data types (include/datatype.h), six bits each in a concatenation. The kernel
// only stores them; with them `nft list ruleset` prints the keys as people write them.
constexpr std::uint32_t kIpv4Address = 7;
constexpr std::uint32_t kIpv6Address = 8;
constexpr std::uint32_t kTransport = 12;
constexpr std::uint32_t kPort = 13;
constexpr std::uint32_t kTypeBits = 6;

std::uint32_t flags_of(SetUse use) {
  switch (use) {
    case SetUse::lasting:
      return 0;
    case SetUse::expiring:
      return NFT_SET_TIMEOUT;
    case SetUse::expiring_ranges:
      return NFT_SET_TIMEOUT | NFT_SET_INTERVAL | NFT_SET_CONCAT;
  }
  our_bug(true, "set use out of range");
  return 0;
}

std::uint32_t key_type(SetType type, std::uint32_t address_type) {
  if (type == SetType::address) return address_type;
  return (address_type << kTypeBits | kTransport) << kTypeBits | kPort;
}

}  // namespace

NftSet make_set(const std::string& table, const char* name, SetType type, Family family, SetUse use) {
  const std::uint8_t width = family == Family::ipv4 ? 4 : 16;
  NftSet set{nftnl_set_alloc()};
  our_bug(!set, "out of memory");
  nftnl_set_set_u32(set.get(), NFTNL_SET_FAMILY, NFPROTO_INET);
  nftnl_set_set_str(set.get(), NFTNL_SET_TABLE, table.c_str());
  nftnl_set_set_str(set.get(), NFTNL_SET_NAME, name);
  nftnl_set_set_u32(set.get(), NFTNL_SET_FLAGS, flags_of(use));
  nftnl_set_set_u32(set.get(), NFTNL_SET_KEY_TYPE, key_type(type, width == 4 ? kIpv4Address : kIpv6Address));
  nftnl_set_set_u32(set.get(), NFTNL_SET_KEY_LEN, type == SetType::address ? width : width + 8U);
  if (use == SetUse::expiring_ranges) {
    // The fields' own sizes; the kernel adds the padding to four bytes itself.
    const std::array<std::uint8_t, 3> fields{width, 1, 2};
    nftnl_set_set_data(set.get(), NFTNL_SET_DESC_CONCAT, fields.data(), fields.size());
  }
  return set;
}

}  // namespace sallyport
