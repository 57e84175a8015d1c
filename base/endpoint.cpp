// Runs in: every program.
#include "base/endpoint.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <optional>

namespace sallyport {

namespace {

constexpr std::array<std::uint8_t, 12> kMappedPrefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

std::optional<int> parse_decimal(std::string_view text, int limit) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || text.empty()) return std::nullopt;
  if (value < 0 || value > limit || (text.size() > 1 && text.front() == '0')) return std::nullopt;
  return value;
}

// The bits of byte `index` that belong to the network part.
std::uint8_t mask_at(int prefix_length, std::size_t index) {
  const int bits = std::clamp(prefix_length - static_cast<int>(index) * 8, 0, 8);
  return static_cast<std::uint8_t>(0xff00 >> bits);
}

}  // namespace

Address Address::from_bytes(Family family, const std::uint8_t* bytes) {
  Address address;
  const bool mapped = family == Family::ipv6 && std::equal(kMappedPrefix.begin(), kMappedPrefix.end(), bytes);
  address.family_ = mapped ? Family::ipv4 : family;
  std::copy_n(mapped ? bytes + kMappedPrefix.size() : bytes, address.size(), address.bytes_.begin());
  return address;
}

Result<Address> Address::parse(std::string_view text) {
  std::array<std::uint8_t, 16> bytes{};
  const std::string terminated{text};  // inet_pton needs the NUL; an embedded one must not shorten the text
  if (terminated.find('\0') == std::string::npos) {
    if (inet_pton(AF_INET, terminated.c_str(), bytes.data()) == 1)
      return from_bytes(Family::ipv4, bytes.data());
    if (inet_pton(AF_INET6, terminated.c_str(), bytes.data()) == 1)
      return from_bytes(Family::ipv6, bytes.data());
  }
  return fail("'{}' is not an IP address (expected e.g. 192.0.2.7 or 2001:db8::7)", text);
}

std::string Address::text() const {
  char buffer[INET6_ADDRSTRLEN];
  const int family = family_ == Family::ipv4 ? AF_INET : AF_INET6;
  return inet_ntop(family, bytes_.data(), buffer, sizeof buffer);
}

Network Network::of(const Address& address) {
  Network network;
  network.first_ = address;
  network.prefix_length_ = static_cast<int>(address.size()) * 8;
  return network;
}

Result<Network> Network::parse(std::string_view text) {
  const auto slash = text.find('/');
  ASSIGN_OR_RETURN(const auto address, Address::parse(text.substr(0, slash)));
  Network network = of(address);
  if (slash == std::string_view::npos) return network;

  const auto length = parse_decimal(text.substr(slash + 1), network.prefix_length_);
  if (!length)
    return fail("'{}' has no valid prefix length (expected 0 to {})", text, network.prefix_length_);
  network.prefix_length_ = *length;
  auto bytes = std::array<std::uint8_t, 16>{};
  for (std::size_t i = 0; i < address.size(); ++i)
    bytes[i] = static_cast<std::uint8_t>(address.data()[i] & mask_at(*length, i));
  network.first_ = Address::from_bytes(address.family(), bytes.data());
  if (network.first_ != address)
    return fail("'{}' has host bits set (did you mean {} or {}?)", text, network.text(), of(address).text());
  return network;
}

bool Network::contains(const Address& address) const noexcept {
  if (address.family() != first_.family()) return false;
  for (std::size_t i = 0; i < first_.size(); ++i)
    if ((address.data()[i] & mask_at(prefix_length_, i)) != first_.data()[i]) return false;
  return true;
}

Address Network::last() const noexcept {
  auto bytes = std::array<std::uint8_t, 16>{};
  for (std::size_t i = 0; i < first_.size(); ++i)
    bytes[i] =
        static_cast<std::uint8_t>(first_.data()[i] | static_cast<std::uint8_t>(~mask_at(prefix_length_, i)));
  return Address::from_bytes(first_.family(), bytes.data());
}

std::string Network::text() const { return fmt::format("{}/{}", first_.text(), prefix_length_); }

Result<std::uint16_t> parse_port(std::string_view text) {
  const auto value = parse_decimal(text, 65535);
  if (!value || *value == 0) return fail("'{}' is not a port (expected 1 to 65535)", text);
  return static_cast<std::uint16_t>(*value);
}

Result<Endpoint> Endpoint::parse(std::string_view text) {
  const auto colon = text.rfind(':');
  const bool bracketed =
      text.starts_with('[') && colon != std::string_view::npos && colon >= 2 && text[colon - 1] == ']';
  if (colon == std::string_view::npos || (!bracketed && text.find(':') != colon))
    return fail("'{}' is not address:port (expected e.g. 192.0.2.1:22 or [2001:db8::1]:22)", text);
  const auto host = bracketed ? text.substr(1, colon - 2) : text.substr(0, colon);
  ASSIGN_OR_RETURN(const auto address, Address::parse(host));
  ASSIGN_OR_RETURN(const auto port, parse_port(text.substr(colon + 1)));
  return Endpoint{address, port};
}

Result<Endpoint> Endpoint::from_sockaddr(const sockaddr* address, socklen_t length) {
  if (length >= sizeof(sockaddr_in) && address->sa_family == AF_INET) {
    sockaddr_in in{};
    std::memcpy(&in, address, sizeof in);
    return Endpoint{Address::from_bytes(Family::ipv4, reinterpret_cast<const std::uint8_t*>(&in.sin_addr)),
                    ntohs(in.sin_port)};
  }
  if (length >= sizeof(sockaddr_in6) && address->sa_family == AF_INET6) {
    sockaddr_in6 in{};
    std::memcpy(&in, address, sizeof in);
    return Endpoint{Address::from_bytes(Family::ipv6, reinterpret_cast<const std::uint8_t*>(&in.sin6_addr)),
                    ntohs(in.sin6_port)};
  }
  return fail("socket address is neither IPv4 nor IPv6");
}

Result<Endpoint> Endpoint::peer_of(int socket) {
  sockaddr_storage storage{};
  socklen_t length = sizeof storage;
  if (getpeername(socket, reinterpret_cast<sockaddr*>(&storage), &length) != 0)
    return fail_errno("asking for a socket's peer");
  return from_sockaddr(reinterpret_cast<sockaddr*>(&storage), length);
}

socklen_t Endpoint::to_sockaddr(sockaddr_storage& storage) const noexcept {
  storage = {};
  if (address.family() == Family::ipv4) {
    auto& in = reinterpret_cast<sockaddr_in&>(storage);
    in.sin_family = AF_INET;
    in.sin_port = htons(port);
    std::memcpy(&in.sin_addr, address.data(), address.size());
    return sizeof in;
  }
  auto& in = reinterpret_cast<sockaddr_in6&>(storage);
  in.sin6_family = AF_INET6;
  in.sin6_port = htons(port);
  std::memcpy(&in.sin6_addr, address.data(), address.size());
  return sizeof in;
}

std::string Endpoint::text() const {
  const bool v6 = address.family() == Family::ipv6;
  return fmt::format("{}{}{}:{}", v6 ? "[" : "", address.text(), v6 ? "]" : "", port);
}

}  // namespace sallyport
