// Pure; runs in: sallyportd.
#include "gateway/core/failed_logins.h"

#include <algorithm>
#include <array>

#include "base/check.h"

namespace sallyport {

namespace {

constexpr std::uint64_t kSourcesThatLock = 3;
constexpr int kSourceBits4 = 32, kSourceBits6 = 64;

// How many sources a network holds, at most as many as it takes to lock.
std::uint64_t sources_in(const Network& network) {
  const int bits = network.first().family() == Family::ipv4 ? kSourceBits4 : kSourceBits6;
  const int free = std::max(bits - network.prefix_length(), 0);
  return free > 1 ? kSourcesThatLock : 1U << free;
}

}  // namespace

Network source_of(const Address& address) {
  if (address.family() == Family::ipv4) return Network::of(address);
  std::array<std::uint8_t, 16> bytes{};
  std::copy_n(address.data(), 8, bytes.begin());
  const auto network = Network::parse(Address::from_bytes(Family::ipv6, bytes.data()).text() + "/64");
  our_bug(!network, "the /64 of an address is no network");
  return *network;
}

void FailedLogins::count(const Address& from, std::uint32_t limit) {
  auto& failures = by_source_[source_of(from)];
  if (failures >= limit) return;
  ++failures;
  ++total_;
}

std::uint32_t FailedLogins::of(const Address& from) const {
  const auto found = by_source_.find(source_of(from));
  return found == by_source_.end() ? 0 : found->second;
}

bool FailedLogins::bars(const Address& from, std::uint32_t limit) const { return of(from) >= limit; }

std::vector<Network> FailedLogins::barred(std::uint32_t limit) const {
  std::vector<Network> barred;
  for (const auto& [source, failures] : by_source_)
    if (failures >= limit) barred.push_back(source);
  return barred;
}

bool FailedLogins::lock(const std::vector<Network>& networks, std::uint32_t limit) const {
  std::uint64_t sources = 0;
  for (const auto& network : networks) sources += sources_in(network);
  return total_ >= limit * std::clamp<std::uint64_t>(sources, 1, kSourcesThatLock);
}

}  // namespace sallyport
