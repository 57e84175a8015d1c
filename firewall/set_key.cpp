// Runs in: sallyportd (privileged). Pure.
#include "firewall/set_key.h"

#include <arpa/inet.h>

#include <algorithm>

namespace sallyport {

SetKey SetKey::of(const Address& address) {
  SetKey key;
  key.size_ = address.size();
  std::copy_n(address.data(), address.size(), key.bytes_.begin());
  return key;
}

SetKey SetKey::of(Family family, const IpNumber& address, Transport transport, Port port) {
  SetKey key;
  const std::size_t width = family == Family::ipv4 ? 4 : 16;
  key.size_ = width + 8;
  address.to_bytes(key.bytes_.data(), width);
  key.bytes_[width] = static_cast<std::uint8_t>(transport);
  key.bytes_[width + 4] = static_cast<std::uint8_t>(port.value() >> 8);
  key.bytes_[width + 5] = static_cast<std::uint8_t>(port.value() & 0xff);
  return key;
}

Result<SetKey> SetKey::from_kernel(std::span<const std::uint8_t> bytes) {
  constexpr std::array<std::size_t, 4> kSizes{4, 16, 12, 24};
  if (std::ranges::find(kSizes, bytes.size()) == kSizes.end())
    return fail("the kernel returned a set key of {} bytes", bytes.size());
  SetKey key;
  key.size_ = bytes.size();
  std::ranges::copy(bytes, key.bytes_.begin());
  return key;
}

std::string SetKey::address_text() const {
  char buffer[INET6_ADDRSTRLEN];
  return inet_ntop(address_size() == 4 ? AF_INET : AF_INET6, bytes_.data(), buffer, sizeof buffer);
}

std::string SetKey::text(const SetKey& end) const {
  std::string text = address_text();
  if (end != *this) text += "-" + end.address_text();
  const auto width = address_size();
  if (size_ == width) return text;
  const auto transport = static_cast<Transport>(bytes_[width]);
  return fmt::format("{} . {} . {}", text, to_text(transport), bytes_[width + 4] << 8 | bytes_[width + 5]);
}

}  // namespace sallyport
