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
    case SetUse::meters:
      return NFT_SET_TIMEOUT | NFT_SET_EVAL;
    case SetUse::expiring_map:
      return NFT_SET_TIMEOUT | NFT_SET_MAP;
    case SetUse::expiring_ranges:
      return NFT_SET_TIMEOUT | NFT_SET_INTERVAL | NFT_SET_CONCAT;
  }
  our_bug(true, "set use out of range");
  return 0;
}

std::uint32_t number_of(KeyType type) {
  const auto address = type.family == Family::ipv4 ? kIpv4Address : kIpv6Address;
  const auto service = (address << kTypeBits | kTransport) << kTypeBits | kPort;
  switch (type.shape) {
    case KeyShape::address:
      return address;
    case KeyShape::service:
      return service;
    case KeyShape::flow:
      return service << kTypeBits | address;
    case KeyShape::other:
      break;
  }
  return 0;
}

KeyType type_of(std::uint32_t number) {
  for (const auto shape : {KeyShape::address, KeyShape::service, KeyShape::flow})
    for (const auto family : {Family::ipv4, Family::ipv6})
      if (number_of({shape, family}) == number) return {shape, family};
  return {};
}

void add_counter(nftnl_set* set) {
  auto* counter = nftnl_expr_alloc("counter");
  our_bug(counter == nullptr, "out of memory");
  nftnl_set_add_expr(set, counter);  // the set owns it; the kernel gives each element one of its own
}

}  // namespace

NftSet make_set(const std::string& table, const std::string& name, KeyType type, SetUse use) {
  NftSet set{nftnl_set_alloc()};
  our_bug(!set, "out of memory");
  const KeyType address{KeyShape::address, type.family};
  nftnl_set_set_u32(set.get(), NFTNL_SET_FAMILY, NFPROTO_INET);
  nftnl_set_set_str(set.get(), NFTNL_SET_TABLE, table.c_str());
  nftnl_set_set_str(set.get(), NFTNL_SET_NAME, name.c_str());
  nftnl_set_set_u32(set.get(), NFTNL_SET_FLAGS, flags_of(use));
  nftnl_set_set_u32(set.get(), NFTNL_SET_KEY_TYPE, number_of(type));
  nftnl_set_set_u32(set.get(), NFTNL_SET_KEY_LEN, static_cast<std::uint32_t>(size_of(type)));
  if (use == SetUse::expiring_map) {
    nftnl_set_set_u32(set.get(), NFTNL_SET_DATA_TYPE, number_of(address));
    nftnl_set_set_u32(set.get(), NFTNL_SET_DATA_LEN, static_cast<std::uint32_t>(size_of(address)));
  }
  if (use == SetUse::meters) add_counter(set.get());
  if (use == SetUse::expiring_ranges) {
    // The fields' own sizes; the kernel adds the padding to four bytes itself.
    const std::array<std::uint8_t, 3> fields{static_cast<std::uint8_t>(size_of(address)), 1, 2};
    nftnl_set_set_data(set.get(), NFTNL_SET_DESC_CONCAT, fields.data(), fields.size());
  }
  return set;
}

KeyType key_type_of(const nftnl_set* set) { return type_of(nftnl_set_get_u32(set, NFTNL_SET_KEY_TYPE)); }

KeyType data_type_of(const nftnl_set* set) {
  if (!nftnl_set_is_set(set, NFTNL_SET_DATA_TYPE)) return {};
  return type_of(nftnl_set_get_u32(set, NFTNL_SET_DATA_TYPE));
}

}  // namespace sallyport
