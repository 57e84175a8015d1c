// The base table as text. That nft makes of it what the daemon asks for: tests/netns/firewall_watch_test.cpp.
#include "firewall/base_text.h"

#include <sstream>

#include "tests/catch.h"

using namespace sallyport;

namespace {

constexpr std::uint32_t kMark = 0x40000000;

Address at(const char* text) { return Address::parse(text).value(); }

Guarded guarded() {
  return {{{at("192.0.2.1"), Transport::tcp, Port{22}}, {at("2001:db8::1"), Transport::udp, Port{161}}},
          {at("198.51.100.10"), at("198.51.100.11"), at("2001:db8:1::10")}};
}

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("the base table's text replaces what was there in one transaction") {
  const auto text = base_table_text(guarded(), kMark);
  CHECK(
      text.starts_with("add table inet sallyport_base\n"
                       "delete table inet sallyport_base\n"
                       "table inet sallyport_base {\n"));
  CHECK_FALSE(has(text, "flush"));
}

TEST_CASE("the base table's text names each service and each target once") {
  auto twice = guarded();
  twice.targets.push_back(at("198.51.100.10"));
  const auto text = base_table_text(twice, kMark);
  CHECK(text == base_table_text(guarded(), kMark));
  CHECK(has(text, "192.0.2.1 . tcp . 22"));
  CHECK(has(text, "2001:db8::1 . udp . 161"));
  CHECK(has(text, "198.51.100.10,\n"));
  CHECK(has(text, "198.51.100.11\n"));
  CHECK(has(text, "2001:db8:1::10"));
}

TEST_CASE("every rule of the base table's text drops, and its policy is accept") {
  std::istringstream lines{base_table_text(guarded(), kMark)};
  int rules = 0;
  for (std::string line; std::getline(lines, line);) {
    if (line.find('@') == std::string::npos) continue;
    INFO(line);
    ++rules;
    CHECK(line.ends_with(" drop"));
    const bool asks_for_mark = has(line, "meta mark & 0x40000000 == 0x0 ");
    const bool is_direct_way = has(line, "meta iiftype != loopback ");
    CHECK(asks_for_mark != is_direct_way);
  }
  CHECK(rules >= 10);
  const auto text = lines.str();
  CHECK(has(text, "ip daddr . meta l4proto . th dport @service4 "));
  CHECK(has(text, "ip6 daddr @target6 "));
  CHECK(has(text, "ip saddr @target4 "));
  CHECK_FALSE(has(text, "mark set"));
  CHECK(has(text, "hook prerouting priority -140; policy accept;\n"));
}

TEST_CASE("a gate that is no router has one rule on forward, and lets neighbours be found") {
  auto alone = guarded();
  alone.transit = false;
  const auto text = base_table_text(alone, kMark);
  CHECK(
      has(text, "hook forward priority -140; policy accept;\n    meta mark & 0x40000000 == 0x0 drop\n  }\n"));
  CHECK_FALSE(has(text, "saddr"));
  CHECK(has(text, "meta l4proto == ipv6-icmp icmpv6 type < 135 ip6 daddr @target6 drop\n"));
  CHECK(has(text, "meta l4proto == ipv6-icmp icmpv6 type > 136 ip6 daddr @target6 drop\n"));
  CHECK(has(text, "meta l4proto != ipv6-icmp ip6 daddr @target6 drop\n"));
}

TEST_CASE("a gate without targets has a base table without empty braces") {
  const auto text = base_table_text({}, kMark);
  CHECK_FALSE(has(text, "elements"));
  CHECK(has(text, "  set target4 {\n    type ipv4_addr\n  }\n"));
}
