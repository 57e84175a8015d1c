// Runs in: sallyportd.
#include "auth/throttle.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace sallyport {

namespace {

Address first_of_source(const Address& address) {
  if (address.family() == Family::ipv4) return address;
  std::array<std::uint8_t, 16> bytes{};
  std::copy_n(address.data(), 8, bytes.begin());
  return Address::from_bytes(Family::ipv6, bytes.data());
}

// Before `source` gets an entry of `remembered`: at most `most` are kept, the one not touched longest goes.
template <class Entry>
void make_room(std::map<Source, Entry>& remembered, const Source& source, std::size_t most) {
  if (remembered.size() < most || remembered.contains(source)) return;
  remembered.erase(std::min_element(remembered.begin(), remembered.end(), [](const auto& a, const auto& b) {
    return a.second.last < b.second.last;
  }));
}

}  // namespace

Source::Source(const Address& address) : first_(first_of_source(address)) {}

Throttle::Ticket::Ticket(Ticket&& other) noexcept
    : throttle_(std::exchange(other.throttle_, nullptr)), source_(other.source_) {}

Throttle::Ticket& Throttle::Ticket::operator=(Ticket&& other) noexcept {
  if (this != &other) {
    leave();
    throttle_ = std::exchange(other.throttle_, nullptr);
    source_ = other.source_;
  }
  return *this;
}

Done Throttle::admit_another(const Address& address) {
  if (!connects_too_often(Source{address})) return {};
  return fail("more than {} connections a second from {}", limits_.connections_a_second, address.text());
}

Result<Throttle::Ticket> Throttle::admit(const Address& address) {
  RETURN_IF_ERROR(admit_another(address));
  const Source source{address};
  if (connections_ >= limits_.connections)
    return fail("{} connections are logging in already", limits_.connections);
  const auto taken = connections_of_.find(source);
  if (taken != connections_of_.end() && taken->second >= limits_.connections_per_source)
    return fail("{} connections from {} are logging in already", limits_.connections_per_source,
                address.text());
  ++connections_of_[source];
  ++connections_;
  return Ticket{*this, source};
}

bool Throttle::connects_too_often(const Source& source) {
  const auto now = clock_.boot();
  const auto most = limits_.connections_a_second;
  make_room(allowances_, source, limits_.sources);
  const auto [found, is_new] = allowances_.try_emplace(source, Allowance{most, now});
  Allowance& allowance = found->second;
  const std::chrono::duration<double> since = now - allowance.last;
  allowance = {std::min(most, allowance.left + since.count() * most), now};
  if (allowance.left < 1) return true;
  allowance.left -= 1;
  return false;
}

void Throttle::Ticket::leave() noexcept {
  if (throttle_ == nullptr) return;
  auto& all = throttle_->connections_of_;
  if (const auto mine = all.find(source_); --mine->second == 0) all.erase(mine);
  --throttle_->connections_;
  throttle_ = nullptr;
}

void Throttle::failed(const Address& address) {
  const Source source{address};
  make_room(failures_, source, limits_.sources);
  auto& failures = failures_[source];
  failures.count = count_now(failures) + 1;
  failures.last = clock_.boot();
}

std::chrono::milliseconds Throttle::penalty(const Address& address) const {
  using std::chrono::milliseconds;
  const auto failures = failures_.find(Source{address});
  if (failures == failures_.end()) return milliseconds{0};
  // The first failure beyond the free ones costs first_penalty. A count a little under a whole number (it
  // began to fade at once) still counts as that number.
  const double beyond = std::floor(count_now(failures->second) + 0.25) - limits_.free_failures;
  if (beyond < 1) return milliseconds{0};
  const double wanted =
      static_cast<double>(limits_.first_penalty.count()) * std::exp2(std::min(beyond - 1, 40.0));
  return milliseconds{
      static_cast<milliseconds::rep>(std::min(wanted, static_cast<double>(limits_.longest_penalty.count())))};
}

double Throttle::count_now(const Failures& failures) const {
  const std::chrono::duration<double> quiet = clock_.boot() - failures.last;
  return failures.count * std::exp2(-quiet / std::chrono::duration<double>{limits_.half_life});
}

}  // namespace sallyport
