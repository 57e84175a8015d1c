// Address, Network, Endpoint: IP values that refuse bad input. Runs in: every program.
#pragma once

#include <sys/socket.h>

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sallyport {

enum class Family : std::uint8_t { ipv4 = 4, ipv6 = 6 };

// An IPv4 or IPv6 address without a zone. An IPv4-mapped IPv6 address (::ffff:a.b.c.d) is the IPv4 address:
// a dual-stack socket must not make one host look like two.
class Address {
 public:
  static Result<Address> parse(std::string_view text);
  static Address from_bytes(Family family, const std::uint8_t* bytes);

  Family family() const noexcept { return family_; }
  // Network order; 4 or 16 of them.
  const std::uint8_t* data() const noexcept { return bytes_.data(); }
  std::size_t size() const noexcept { return family_ == Family::ipv4 ? 4 : 16; }
  std::string text() const;  // RFC 5952
  auto operator<=>(const Address&) const = default;

 private:
  Family family_ = Family::ipv4;
  std::array<std::uint8_t, 16> bytes_{};  // unused ones are zero, so that == works
};

// A CIDR network. "192.0.2.7" means /32, "2001:db8::1" /128; host bits that are set are refused, because a
// person who writes 192.0.2.7/24 meant one of two things.
class Network {
 public:
  static Result<Network> parse(std::string_view text);
  static Network of(const Address& address);  // the one-address network

  bool contains(const Address& address) const noexcept;
  const Address& first() const noexcept { return first_; }
  Address last() const noexcept;
  int prefix_length() const noexcept { return prefix_length_; }
  std::string text() const;
  auto operator<=>(const Network&) const = default;

 private:
  Address first_;
  int prefix_length_ = 0;
};

struct Endpoint {
  Address address;
  std::uint16_t port = 0;

  // "192.0.2.1:22" or "[2001:db8::1]:22".
  static Result<Endpoint> parse(std::string_view text);
  static Result<Endpoint> from_sockaddr(const sockaddr* address, socklen_t length);
  // The peer of a connected socket.
  static Result<Endpoint> peer_of(int socket);
  socklen_t to_sockaddr(sockaddr_storage& storage) const noexcept;
  std::string text() const;
  auto operator<=>(const Endpoint&) const = default;
};

// 1 to 65535, decimal digits only.
Result<std::uint16_t> parse_port(std::string_view text);

}  // namespace sallyport
