// SetKey: the key of one set element, or what a map leads to, in the kernel's bytes.
// Runs in: sallyportd (privileged). Pure.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <span>
#include <string>

#include "base/endpoint.h"
#include "firewall/coverage.h"
#include "policies/service.h"

namespace sallyport {

enum class KeyShape : std::uint8_t {
  address,
  service,  // address . transport . port
  flow,     // address . transport . port . address
  other,    // not of ours
};

struct KeyType {
  KeyShape shape = KeyShape::other;
  Family family = Family::ipv4;
  bool operator==(const KeyType&) const = default;
};

// Each field of a concatenation is padded with zeros to four bytes.
class SetKey {
 public:
  SetKey() = default;  // empty: the key_end of an element that is no range, the data of one that is in no map
  static SetKey of(const Address& address);
  static SetKey of(Family family, const IpNumber& address);
  static SetKey of(Family family, const IpNumber& address, Transport transport, Port port);
  static SetKey of(Family family, const IpNumber& address, Transport transport, Port port,
                   const IpNumber& target);
  // What does not look like `type` becomes a key of shape `other`, and is printed as hexadecimal digits.
  static Result<SetKey> from_kernel(std::span<const std::uint8_t> bytes, KeyType type);

  std::span<const std::uint8_t> bytes() const noexcept { return {bytes_.data(), size_}; }
  bool empty() const noexcept { return size_ == 0; }
  // In nft's words: "192.0.2.7 . tcp . 22"; with the end of a range "192.0.2.0-192.0.2.255 . tcp . 22".
  std::string text() const { return text(*this); }
  std::string text(const SetKey& end) const;
  auto operator<=>(const SetKey&) const = default;

 private:
  std::size_t width() const noexcept { return family_ == Family::ipv4 ? 4 : 16; }
  std::string address_text(std::size_t at) const;
  bool looks_right() const noexcept;
  std::string service_text(const SetKey& end) const;
  void append(const void* bytes, std::size_t size);

  std::array<std::uint8_t, 64> bytes_{};  // the kernel's longest (NFT_DATA_VALUE_MAXLEN)
  std::uint8_t size_ = 0;
  KeyShape shape_ = KeyShape::other;
  Family family_ = Family::ipv4;
};

// Bytes of a key.
std::size_t size_of(KeyType type) noexcept;

}  // namespace sallyport
