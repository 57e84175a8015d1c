// SetKey: the key of one set element, in the kernel's bytes. Runs in: sallyportd (privileged). Pure.
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

// Either an address alone, or `address . transport . port`. Each field of a concatenation is padded with
// zeros to four bytes, so the four shapes have four sizes: 4, 16, 12, 24.
class SetKey {
 public:
  SetKey() = default;  // empty: the key_end of an element that is no range
  static SetKey of(const Address& address);
  static SetKey of(Family family, const IpNumber& address, Transport transport, Port port);
  static Result<SetKey> from_kernel(std::span<const std::uint8_t> bytes);

  std::span<const std::uint8_t> bytes() const noexcept { return {bytes_.data(), size_}; }
  bool empty() const noexcept { return size_ == 0; }
  // In nft's words: "192.0.2.7 . tcp . 22"; with the end of a range "192.0.2.0-192.0.2.255 . tcp . 22".
  std::string text() const { return text(*this); }
  std::string text(const SetKey& end) const;
  auto operator<=>(const SetKey&) const = default;

 private:
  std::size_t address_size() const noexcept { return size_ == 4 || size_ == 12 ? 4 : 16; }
  std::string address_text() const;

  std::array<std::uint8_t, 24> bytes_{};
  std::size_t size_ = 0;
};

}  // namespace sallyport
