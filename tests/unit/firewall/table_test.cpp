// What is asked of the kernel: keys and the shape of the base table. Runs in: tests.
#include <algorithm>

#include "firewall/baseline.h"
#include "firewall/live_rules.h"
#include "firewall/set_key.h"
#include "tests/catch.h"

using namespace sallyport;

TEST_CASE("each field of a concatenation is padded to four bytes") {
  const auto key =
      SetKey::of(Family::ipv4, IpNumber::of(Address::parse("192.0.2.7").value()), Transport::tcp, Port{443});
  const std::vector<std::uint8_t> wanted{192, 0, 2, 7, 6, 0, 0, 0, 0x01, 0xbb, 0, 0};
  CHECK(std::ranges::equal(key.bytes(), wanted));
  CHECK(key.text() == "192.0.2.7 . tcp . 443");
  CHECK(SetKey::from_kernel(key.bytes(), {KeyShape::service, Family::ipv4}).value() == key);
}

TEST_CASE("a range is written as nft writes it") {
  const auto number = [](const char* text) { return IpNumber::of(Address::parse(text).value()); };
  const auto first = SetKey::of(Family::ipv6, number("2001:db8::"), Transport::udp, Port{161});
  const auto last = SetKey::of(Family::ipv6, number("2001:db8::ffff"), Transport::udp, Port{161});
  CHECK(first.text(last) == "2001:db8::-2001:db8::ffff . udp . 161");
}

TEST_CASE("a flow's key ends in the target, and a 16-byte key is read by its type") {
  const auto number = [](const char* text) { return IpNumber::of(Address::parse(text).value()); };
  const auto flow =
      SetKey::of(Family::ipv4, number("192.0.2.7"), Transport::udp, Port{657}, number("198.51.100.9"));
  CHECK(flow.text() == "192.0.2.7 . udp . 657 . 198.51.100.9");
  CHECK(SetKey::from_kernel(flow.bytes(), {KeyShape::flow, Family::ipv4}).value() == flow);
  CHECK(SetKey::from_kernel(flow.bytes(), {KeyShape::address, Family::ipv6}).value().text() ==
        "c000:207:1100:0:291:0:c633:6409");
  const auto six =
      SetKey::of(Family::ipv6, number("2001:db8::7"), Transport::tcp, Port{22}, number("2001:db8::9"));
  CHECK(six.bytes().size() == 40);
  CHECK(six.text() == "2001:db8::7 . tcp . 22 . 2001:db8::9");
}

TEST_CASE("a foreign key is printed as it is, and one that cannot be is refused") {
  const std::vector<std::uint8_t> odd(13, 0xab), nothing, sctp{192, 0, 2, 7, 132, 0, 0, 0, 0, 22, 0, 0};
  CHECK(SetKey::from_kernel(odd, {KeyShape::service, Family::ipv4}).value().text() ==
        "ababababababababababababab");
  CHECK(SetKey::from_kernel(sctp, {KeyShape::service, Family::ipv4}).value().text() ==
        "c00002078400000000160000");
  CHECK_FALSE(SetKey::from_kernel(nothing, {KeyShape::address, Family::ipv4}));
  CHECK_FALSE(SetKey::from_kernel(std::vector<std::uint8_t>(65), {}));
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

TEST_CASE("the live table's shape knows its translations, maps and counters") {
  const auto shape = live_table(0x100).shape();
  const auto has = [&shape](const std::string& part) {
    return std::ranges::any_of(shape, [&](const auto& line) { return line.find(part) != std::string::npos; });
  };
  CHECK(has("[nat 1 2 1 1 - - 1]"));
  CHECK(has("[masq 0 - -]"));
  CHECK(has("[dynset 1 1 - 604800000 meters_in4]"));
  CHECK(has("set meters_out6 type 0x830d length 24 flags 0x30 counter"));
  CHECK(has("set admitted4 type 0x730d length 12 flags 0x10"));
  CHECK(has("set translate6 type 0x830d length 24 flags 0x18 leads to 0x8 length 16"));
  CHECK(has("set forwarded6 type 0x20c348 length 40 flags 0x10"));
  CHECK_FALSE(has("foreign"));
}

TEST_CASE("the order of rules within a chain is part of the shape") {
  auto table = base_table({}, 0x100);
  const auto before = table.shape();
  std::swap(table.rules[0], table.rules[2]);  // both of prerouting
  CHECK(table.shape() != before);
}
