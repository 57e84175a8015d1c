// Runs in: sallyportd (privileged). Pure.
#include "firewall/set_key.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cstring>

namespace sallyport {

std::size_t size_of(KeyType type) noexcept {
  const std::size_t width = type.family == Family::ipv4 ? 4 : 16;
  switch (type.shape) {
    case KeyShape::address:
      return width;
    case KeyShape::service:
      return width + 8;
    case KeyShape::flow:
      return width + 8 + width;
    case KeyShape::other:
      break;
  }
  return 0;
}

void SetKey::append(const void* bytes, std::size_t size) {
  std::memcpy(bytes_.data() + size_, bytes, size);
  size_ = static_cast<std::uint8_t>(size_ + (size + 3) / 4 * 4);
}

SetKey SetKey::of(const Address& address) { return of(address.family(), IpNumber::of(address)); }

SetKey SetKey::of(Family family, const IpNumber& address) {
  SetKey key;
  key.shape_ = KeyShape::address;
  key.family_ = family;
  key.size_ = static_cast<std::uint8_t>(key.width());
  address.to_bytes(key.bytes_.data(), key.width());
  return key;
}

SetKey SetKey::of(Family family, const IpNumber& address, Transport transport, Port port) {
  auto key = of(family, address);
  key.shape_ = KeyShape::service;
  const std::array<std::uint8_t, 2> port_bytes{static_cast<std::uint8_t>(port.value() >> 8),
                                               static_cast<std::uint8_t>(port.value() & 0xff)};
  key.append(&transport, sizeof transport);
  key.append(port_bytes.data(), port_bytes.size());
  return key;
}

SetKey SetKey::of(Family family, const IpNumber& address, Transport transport, Port port,
                  const IpNumber& target) {
  auto key = of(family, address, transport, port);
  key.shape_ = KeyShape::flow;
  target.to_bytes(key.bytes_.data() + key.size_, key.width());
  key.size_ = static_cast<std::uint8_t>(key.size_ + key.width());
  return key;
}

bool SetKey::looks_right() const noexcept {
  if (size_ != size_of({shape_, family_})) return false;
  if (shape_ != KeyShape::service && shape_ != KeyShape::flow) return true;
  const auto transport = bytes_[width()];
  return transport == static_cast<std::uint8_t>(Transport::tcp) ||
         transport == static_cast<std::uint8_t>(Transport::udp);
}

Result<SetKey> SetKey::from_kernel(std::span<const std::uint8_t> bytes, KeyType type) {
  SetKey key;
  if (bytes.empty() || bytes.size() > key.bytes_.size())
    return fail("the kernel returned a set key of {} bytes", bytes.size());
  key.size_ = static_cast<std::uint8_t>(bytes.size());
  std::ranges::copy(bytes, key.bytes_.begin());
  key.shape_ = type.shape;
  key.family_ = type.family;
  if (!key.looks_right()) key.shape_ = KeyShape::other;
  return key;
}

std::string SetKey::address_text(std::size_t at) const {
  char buffer[INET6_ADDRSTRLEN];
  return inet_ntop(family_ == Family::ipv4 ? AF_INET : AF_INET6, bytes_.data() + at, buffer, sizeof buffer);
}

std::string SetKey::service_text(const SetKey& end) const {
  auto text = address_text(0);
  if (end != *this && end.shape_ == shape_) text += "-" + end.address_text(0);
  const auto transport = static_cast<Transport>(bytes_[width()]);
  return fmt::format("{} . {} . {}", text, to_text(transport),
                     bytes_[width() + 4] << 8 | bytes_[width() + 5]);
}

std::string SetKey::text(const SetKey& end) const {
  switch (shape_) {
    case KeyShape::address:
      return end != *this ? address_text(0) + "-" + end.address_text(0) : address_text(0);
    case KeyShape::service:
      return service_text(end);
    case KeyShape::flow:
      return service_text(end) + " . " + address_text(width() + 8);
    case KeyShape::other:
      break;
  }
  std::string text;
  for (const auto byte : bytes()) text += fmt::format("{:02x}", byte);
  return text;
}

}  // namespace sallyport
