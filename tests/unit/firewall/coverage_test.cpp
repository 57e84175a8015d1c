// Overlapping networks become the kernel's disjoint ranges. Runs in: tests.
#include "firewall/coverage.h"

#include <algorithm>
#include <random>

#include "tests/catch.h"

using namespace sallyport;

namespace {

BootTime at(int seconds) { return BootTime{std::chrono::seconds{seconds}}; }
Range range(std::uint64_t first, std::uint64_t last, int seconds) {
  return {{0, first}, {0, last}, at(seconds)};
}
constexpr std::uint64_t kMost = UINT64_MAX;

}  // namespace

TEST_CASE("nothing covers nothing") { CHECK(coverage({}).empty()); }

TEST_CASE("one range stays as it is") { CHECK(coverage({range(5, 9, 1)}) == std::vector{range(5, 9, 1)}); }

TEST_CASE("identical ranges become one with the later deadline") {
  CHECK(coverage({range(5, 9, 3), range(5, 9, 7), range(5, 9, 1)}) == std::vector{range(5, 9, 7)});
}

TEST_CASE("a range inside a shorter-lived one splits it in three") {
  CHECK(coverage({range(0, 255, 1), range(16, 31, 2)}) ==
        std::vector{range(0, 15, 1), range(16, 31, 2), range(32, 255, 1)});
}

TEST_CASE("a range inside a longer-lived one disappears") {
  CHECK(coverage({range(0, 255, 2), range(16, 31, 1)}) == std::vector{range(0, 255, 2)});
}

TEST_CASE("touching ranges merge only when they end together") {
  CHECK(coverage({range(0, 7, 1), range(8, 15, 1)}) == std::vector{range(0, 15, 1)});
  CHECK(coverage({range(0, 7, 1), range(8, 15, 2)}) == std::vector{range(0, 7, 1), range(8, 15, 2)});
  CHECK(coverage({range(0, 7, 1), range(9, 15, 1)}) == std::vector{range(0, 7, 1), range(9, 15, 1)});
}

TEST_CASE("ranges may reach the end of the IPv6 space") {
  const Range all{{0, 0}, {kMost, kMost}, at(1)};
  const Range upper{{kMost, 0}, {kMost, kMost}, at(2)};
  CHECK(coverage({all}) == std::vector{all});
  CHECK(coverage({all, upper}) == std::vector{Range{{0, 0}, {kMost - 1, kMost}, at(1)}, upper});
  CHECK(coverage({all, Range{{kMost, kMost}, {kMost, kMost}, at(1)}}) == std::vector{all});
}

TEST_CASE("ranges carry across the middle of an IPv6 address") {
  CHECK(coverage({Range{{0, 0}, {0, kMost}, at(1)}, Range{{1, 0}, {1, 5}, at(1)}}) ==
        std::vector{Range{{0, 0}, {1, 5}, at(1)}});
}

TEST_CASE("an IPv4-mapped edge stays an IPv6 number") {
  const std::uint8_t mapped[16]{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 7};
  const auto number = IpNumber::from_bytes(mapped, sizeof mapped);
  std::uint8_t back[16];
  number.to_bytes(back, sizeof back);
  CHECK(std::equal(mapped, mapped + 16, back));
  CHECK(number.next().previous() == number);
}

TEST_CASE("random ranges agree with counting every address") {
  std::mt19937 random{20240601};
  const auto below = [&random](unsigned limit) { return static_cast<std::uint64_t>(random() % limit); };
  for (int round = 0; round < 3000; ++round) {
    std::vector<Range> ranges;
    for (std::uint64_t i = below(8); i > 0; --i) {
      const auto first = below(64);
      ranges.push_back(
          range(first, first + below(static_cast<unsigned>(64 - first)), static_cast<int>(below(4))));
    }
    const auto covered = coverage(ranges);
    std::vector<int> wanted(64, -1), found(64, -1);
    for (const auto& r : ranges)
      for (auto i = r.first.low; i <= r.last.low; ++i)
        wanted[i] =
            std::max(wanted[i], static_cast<int>(r.until.time_since_epoch() / std::chrono::seconds{1}));
    for (const auto& r : covered)
      for (auto i = r.first.low; i <= r.last.low; ++i) {
        REQUIRE(found[i] == -1);  // disjoint
        found[i] = static_cast<int>(r.until.time_since_epoch() / std::chrono::seconds{1});
      }
    REQUIRE(found == wanted);
    for (std::size_t i = 1; i < covered.size(); ++i) {
      REQUIRE(covered[i - 1].last < covered[i].first);
      const bool touching = covered[i - 1].last.next() == covered[i].first;
      REQUIRE_FALSE((touching && covered[i - 1].until == covered[i].until));  // as few as possible
    }
  }
}
