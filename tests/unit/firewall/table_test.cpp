// What is asked of the kernel: keys and the shape of the base table. Runs in: tests.
#include <algorithm>

#include "firewall/baseline.h"
#include "firewall/set_key.h"
#include "tests/catch.h"

using namespace sallyport;

TEST_CASE("each field of a concatenation is padded to four bytes") {
  const auto key =
      SetKey::of(Family::ipv4, IpNumber::of(Address::parse("192.0.2.7").value()), Transport::tcp, Port{443});
  const std::vector<std::uint8_t> wanted{192, 0, 2, 7, 6, 0, 0, 0, 0x01, 0xbb, 0, 0};
  CHECK(std::ranges::equal(key.bytes(), wanted));
  CHECK(key.text() == "192.0.2.7 . tcp . 443");
  CHECK(SetKey::from_kernel(key.bytes()).value() == key);
}

TEST_CASE("a range is written as nft writes it") {
  const auto number = [](const char* text) { return IpNumber::of(Address::parse(text).value()); };
  const auto first = SetKey::of(Family::ipv6, number("2001:db8::"), Transport::udp, Port{161});
  const auto last = SetKey::of(Family::ipv6, number("2001:db8::ffff"), Transport::udp, Port{161});
  CHECK(first.text(last) == "2001:db8::-2001:db8::ffff . udp . 161");
}

TEST_CASE("a key of another size is refused") {
  const std::vector<std::uint8_t> bytes(13);
  CHECK_FALSE(SetKey::from_kernel(bytes));
}

TEST_CASE("a target named twice is one element") {
  const auto target = Address::parse("198.51.100.9").value();
  const auto table = base_table({{}, {target, target}}, 0x100);
  CHECK(table.element_lines() == std::vector<std::string>{"element target4 { 198.51.100.9 }"});
}

TEST_CASE("the shape depends on the mark and not on what is guarded") {
  const auto target = Address::parse("198.51.100.9").value();
  CHECK(base_table({}, 0x100).shape() == base_table({{}, {target}}, 0x100).shape());
  CHECK(base_table({}, 0x100).shape() != base_table({}, 0x200).shape());
}

TEST_CASE("the order of rules within a chain is part of the shape") {
  auto table = base_table({}, 0x100);
  const auto before = table.shape();
  std::swap(table.rules[0], table.rules[1]);
  CHECK(table.shape() != before);
}
