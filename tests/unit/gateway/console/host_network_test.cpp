// What doctor says of the host's own network.
#include "gateway/console/host_network.h"

#include "tests/catch.h"

using namespace sallyport;

namespace {

constexpr std::uint32_t kBit = 0x40000000;

Address at(const char* text) { return Address::parse(text).value(); }

// A table as nft 1.0.6 prints it, with one base chain and these rules; "other" is a chain to jump to.
HostTable table(const std::string& rules, const std::string& policy = "accept",
                const std::string& hook = "input", const std::string& other = "") {
  const auto entries = [](const std::string& chain, const std::string& lines) {
    std::string text;
    std::size_t handle = 10;
    for (std::size_t from = 0; from < lines.size();) {
      const auto to = std::min(lines.find('\n', from), lines.size());
      text += fmt::format(
          R"(, {{"rule": {{"family": "inet", "table": "filter", "chain": "{}", "handle": {}, "expr": [{}]}}}})",
          chain, handle++, lines.substr(from, to - from));
      from = to + 1;
    }
    return text;
  };
  const auto json = fmt::format(
      R"({{"nftables": [{{"metainfo": {{"version": "1.0.6", "json_schema_version": 1}}}},
        {{"table": {{"family": "inet", "name": "filter", "handle": 1}}}},
        {{"chain": {{"family": "inet", "table": "filter", "name": "other", "handle": 2}}}},
        {{"chain": {{"family": "inet", "table": "filter", "name": "base", "handle": 1, "type": "filter", "hook": "{}",
                     "prio": 0, "policy": "{}"}}}}{}{}]}})",
      hook, policy, entries("base", rules), entries("other", other));
  auto parsed = HostTable::parse(json);
  REQUIRE(parsed);
  return *std::move(parsed);
}

std::string field(const char* protocol, const std::string& right, const char* op = "==") {
  return fmt::format(
      R"({{"match": {{"op": "{}", "left": {{"payload": {{"protocol": "{}", "field": "dport"}}}}, "right": {}}}}})",
      op, protocol, right);
}
const std::string kAccept = R"({"accept": null})", kDrop = R"({"drop": null})";
const std::string kFromTen =
    R"({"match": {"op": "==", "left": {"payload": {"protocol": "ip", "field": "saddr"}}, "right": {"prefix": {"addr": "10.0.0.0", "len": 8}}}})";
const std::string kEstablished =
    R"({"match": {"op": "in", "left": {"ct": {"key": "state"}}, "right": ["established", "related"]}})";

const HostPacket kSsh{"input", Transport::tcp, Port{22}};

// "-" nothing, "?" perhaps, "!" for certain
std::string fate(const HostTable& rules, const HostPacket& packet = kSsh) {
  const auto drops = rules.drops(packet);
  if (drops.empty()) return "-";
  return drops[0].certain ? "!" : "?";
}

std::string mark_fate(const std::string& value) {
  const auto uses =
      table(fmt::format(R"({{"mangle": {{"key": {{"meta": {{"key": "mark"}}}}, "value": {}}}}})", value))
          .mark_uses(kBit);
  if (uses.empty()) return "-";
  return uses[0].opens ? "!" : "?";
}

GateNeeds needs() {
  return {{{Transport::tcp, Port{22}, GateNeeds::Path::to_gate},
           {Transport::udp, Port{161}, GateNeeds::Path::through}},
          {at("192.0.2.1"), at("2001:db8::1")},
          {at("198.51.100.10")},
          kBit};
}

}  // namespace

TEST_CASE("a table that drops nothing is not in the way") {
  CHECK(fate(table("")) == "-");
  CHECK(fate(table(kAccept, "drop")) == "-");
  CHECK(fate(table(field("tcp", "80") + ", " + kDrop)) == "-");
  CHECK(fate(table(field("udp", "22") + ", " + kDrop)) == "-");
  CHECK(fate(table("", "drop", "output")) == "-");
}

TEST_CASE("a policy of drop is in the way unless the port is accepted") {
  CHECK(fate(table("", "drop")) == "!");
  CHECK(fate(table(kEstablished + ", " + kAccept, "drop")) == "!");
  CHECK(fate(table(
            R"({"match": {"op": "==", "left": {"meta": {"key": "iifname"}}, "right": "lo"}}, )" + kAccept,
            "drop")) == "!");
  CHECK(fate(table(field("tcp", "22") + R"(, {"counter": {"packets": 0, "bytes": 0}}, )" + kAccept,
                   "drop")) == "-");
  CHECK(fate(table(field("tcp", R"({"set": [21, 443, {"range": [22, 30]}]})") + ", " + kAccept, "drop")) ==
        "-");
  CHECK(fate(table(field("th", "22") + ", " + kAccept, "drop")) == "-");
  CHECK(fate(table(field("tcp", "443") + ", " + kAccept, "drop")) == "!");
  CHECK(fate(table(field("tcp", "22", "!=") + ", " + kAccept, "drop")) == "!");
  CHECK(fate(table(field("tcp", R"("@ports")") + ", " + kAccept, "drop")) == "?");
  CHECK(fate(table(field("tcp", "22") + ", " + kFromTen + ", " + kAccept, "drop")) == "?");
}

TEST_CASE("a rule that drops is in the way, or perhaps when it asks for more than the port") {
  CHECK(fate(table(kDrop)) == "!");
  CHECK(fate(table(field("tcp", "22") + ", " + kDrop)) == "!");
  CHECK(fate(table(field("tcp", "22") + R"(, {"reject": {"type": "tcp reset"}})")) == "!");
  CHECK(fate(table(kFromTen + ", " + kDrop)) == "?");
  CHECK(fate(table(kFromTen + ", " + kAccept + "\n" + kDrop)) == "?");
  CHECK(fate(table(kAccept + "\n" + kDrop)) == "-");
  CHECK(fate(table(field("tcp", "22") + R"(, {"limit": {"rate": 3, "per": "second"}}, )" + kDrop)) == "?");
  CHECK(fate(table("null\n" + kDrop)) == "?");  // iptables' own expression may have accepted before
}

TEST_CASE("jumps and verdict maps are followed") {
  const std::string jump = R"({"jump": {"target": "other"}})";
  CHECK(fate(table(jump, "drop", "input", kAccept)) == "-");
  CHECK(fate(table(jump, "accept", "input", kDrop)) == "!");
  CHECK(fate(table(jump, "drop", "input", R"({"return": null})")) == "!");
  CHECK(fate(table(kFromTen + ", " + jump, "accept", "input", kDrop)) == "?");
  CHECK(fate(table(R"({"goto": {"target": "other"}})" + ("\n" + kAccept), "drop", "input", "")) == "!");
  CHECK(fate(table(jump, "drop", "input", jump)) == "!");  // a chain that jumps to itself ends
  const std::string states =
      R"({"vmap": {"key": {"ct": {"key": "state"}}, "data": {"set": [["invalid", {"drop": null}], ["established", {"accept": null}]]}}})";
  CHECK(fate(table(states)) == "-");
  CHECK(fate(table(states, "drop")) == "!");
  const std::string ports =
      R"({"vmap": {"key": {"payload": {"protocol": "tcp", "field": "dport"}}, "data": {"set": [[22, {"accept": null}], [23, {"drop": null}]]}}})";
  CHECK(fate(table(ports, "drop")) == "-");
  CHECK(fate(table(R"({"vmap": {"key": {"payload": {"protocol": "tcp", "field": "dport"}}, "data": "@m"}})",
                   "drop")) == "?");
}

TEST_CASE("JSON that cannot be read is an error, and odd JSON is not a crash") {
  CHECK_FALSE(HostTable::parse("{\"nftables\": [{\"table\": {\"flags\": \"owner\" 3}}]}"));
  CHECK_FALSE(HostTable::parse(""));
  CHECK_FALSE(HostTable::parse("[]"));
  const auto odd = HostTable::parse(
      R"({"nftables": [3, null, {"rule": {"chain": 5, "expr": [7, {}, {"match": 3}, {"jump": null}, {"vmap": [1]}]}},
          {"chain": {"name": "", "hook": "input", "policy": "drop"}}]})");
  REQUIRE(odd);
  CHECK(odd->drops(kSsh).size() == 1);
  CHECK(odd->mark_uses(kBit).empty());
}

TEST_CASE("doctor names the rule that drops, and for which service") {
  const auto finding = judge_host_drops({table("", "drop"), table("", "drop", "forward")}, needs());
  CHECK(finding.verdict == Verdict::fail);
  CHECK(finding.text.find("table inet filter, chain base, policy drop drops tcp 22 of the gate at input") !=
        std::string::npos);
  CHECK(finding.text.find("and 1 more") != std::string::npos);
  CHECK(judge_host_drops({table(kFromTen + ", " + kDrop)}, needs()).verdict == Verdict::warn);
  CHECK(judge_host_drops({}, needs()).verdict == Verdict::ok);
}

TEST_CASE("the gate's own way to the targets may be dropped too") {
  GateNeeds out = needs();
  out.services = {{Transport::tcp, Port{22}, GateNeeds::Path::to_target}};
  CHECK(judge_host_drops({table("", "drop")}, out).verdict == Verdict::ok);
  const auto finding = judge_host_drops({table("", "drop", "output")}, out);
  CHECK(finding.verdict == Verdict::fail);
  CHECK(finding.text.find("drops tcp 22 to the targets at output") != std::string::npos);
  CHECK(judge_service_ports({{Transport::tcp, {at("0.0.0.0"), 22}}}, out, {}).verdict == Verdict::ok);
}

TEST_CASE("another table's rule that sets the gate's mark bit opens the gate") {
  const std::string mark = R"({"meta": {"key": "mark"}})";
  CHECK(mark_fate("1073741824") == "!");
  CHECK(mark_fate("{\"|\": [" + mark + ", 1073741824]}") == "!");
  CHECK(mark_fate(R"({"ct": {"key": "mark"}})") == "?");
  CHECK(mark_fate(R"({"map": {"key": 1, "data": {"set": [[22, 1]]}}})") == "?");
  CHECK(mark_fate(R"({"&": [{"ct": {"key": "mark"}}, 1073741824]})") == "?");
  CHECK(mark_fate(R"({"&": [{"ct": {"key": "mark"}}, 255]})") == "?");
  CHECK(mark_fate("1") == "?");  // clears ours with the rest
  CHECK(mark_fate("{\"|\": [" + mark + ", 1]}") == "-");
  CHECK(mark_fate("{\"^\": [{\"&\": [" + mark + ", 3221225471]}, 1]}") == "?");
  CHECK(mark_fate("{\"^\": [{\"&\": [" + mark + ", 4294967040]}, 1]}") == "-");
  const auto asks = table(
      R"({"match": {"op": "==", "left": {"&": [{"meta": {"key": "mark"}}, 1073741824]}, "right": 0}}, {"accept": null})");
  CHECK(judge_mark_uses({asks}, kBit).verdict == Verdict::warn);
  CHECK(judge_mark_uses({asks}, 1).verdict == Verdict::ok);
}

TEST_CASE("forwarding matters where a policy forwards, in the families of the gate's addresses") {
  auto some = needs();
  CHECK(judge_forwarding({true, true}, some).verdict == Verdict::ok);
  CHECK(judge_forwarding({false, true}, some).verdict == Verdict::fail);
  CHECK(judge_forwarding({true, false}, some).verdict == Verdict::fail);
  some.addresses.pop_back();
  CHECK(judge_forwarding({true, false}, some).verdict == Verdict::ok);
  some.services.pop_back();
  CHECK(judge_forwarding({false, false}, some).verdict == Verdict::ok);
}

TEST_CASE("strict reverse-path filtering matters where a target has two ways") {
  const auto one = routes_in(
      "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
      "eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n"
      "eth1\t006433C6\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n");
  REQUIRE(one.size() == 2);
  CHECK(one[1].network.text() == "198.51.100.0/24");
  CHECK(judge_reverse_path({"eth0"}, one, needs()).verdict == Verdict::ok);
  auto two = one;
  two.push_back({"eth2", Network::parse("198.51.100.0/24").value(), 100});
  const auto finding = judge_reverse_path({"eth1", "eth2"}, two, needs());
  CHECK(finding.verdict == Verdict::warn);
  CHECK(finding.text.find("eth1 and eth2") != std::string::npos);
  CHECK(judge_reverse_path({}, two, needs()).verdict == Verdict::ok);
  CHECK(judge_reverse_path({"eth0"}, {}, needs()).verdict == Verdict::warn);
}

TEST_CASE("programs on the gate's ports are found, by transport and address") {
  const auto tcp = sockets_in(
      "  sl  local_address rem_address   st\n"
      "   0: 00000000:0016 00000000:0000 0A 00000000:00000000\n"
      "   1: 010200C0:0050 070200C0:C350 01 00000000:00000000\n",
      Transport::tcp);
  REQUIRE(tcp.size() == 1);
  CHECK(judge_service_ports(tcp, needs(), {}).verdict == Verdict::fail);
  CHECK(judge_service_ports(tcp, needs(), {"192.0.2.1:22", "[2001:db8::1]:22"}).verdict == Verdict::ok);

  const auto udp = sockets_in("   0: 00000000000000000000000000000000:00A1 0:0 07\n", Transport::udp);
  REQUIRE(udp.size() == 1);
  const auto finding = judge_service_ports(udp, needs(), {});
  CHECK(finding.verdict == Verdict::warn);  // it works, and nobody else reaches that program any more
  CHECK(finding.text.find("udp 192.0.2.1:161") != std::string::npos);
  CHECK(judge_service_ports(sockets_in("   0: 0100007F:00A1 00000000:0000 07\n", Transport::udp), needs(), {})
            .verdict == Verdict::ok);
}

TEST_CASE("every address that the gate listens on is the host's") {
  const std::vector gate{at("192.0.2.1"), at("2001:db8::1")};
  CHECK(judge_addresses(gate, {{"lo", at("127.0.0.1")}, {"eth1", gate[1]}, {"eth0", gate[0]}}).verdict == Verdict::ok);
  const auto without_v6 = judge_addresses(gate, {{"eth0", gate[0]}});
  CHECK(without_v6.verdict == Verdict::fail);
  CHECK(without_v6.text.starts_with("2001:db8::1 is no address"));
  CHECK(without_v6.fix.starts_with("it has eth0 192.0.2.1;"));
}

TEST_CASE("who is in the way is named, and of sshd what to type") {
  auto sockets = sockets_in(
      "   0: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1\n",
      Transport::tcp);
  REQUIRE(sockets.size() == 1);
  CHECK(sockets.front().inode == "4711");
  sockets.front().program = "sshd";
  const auto finding = judge_service_ports(sockets, needs(), {});
  CHECK(finding.text.find("sshd listens on 0.0.0.0:22") != std::string::npos);
  CHECK(finding.fix.find("echo 'Port 2222' > /etc/ssh/sshd_config.d/port.conf") != std::string::npos);
  sockets.front().program = "systemd";
  CHECK(judge_service_ports(sockets, needs(), {}).fix.find("systemctl edit ssh.socket") != std::string::npos);
}

TEST_CASE("needs are the policies' forwarded ports, each once, and the managed systems too") {
  Catalogue catalogue;
  Service service;
  service.port = Port{161};
  service.transports = {Transport::tcp, Transport::udp};
  catalogue.policies["a"].services = {service};
  catalogue.policies["b"].services = {service};
  catalogue.targets["hmc1"].addresses = {at("198.51.100.10")};
  catalogue.targets["hmc1"].managed_systems = {{"p10", "", {at("198.51.100.20")}}};
  const auto found = needs_of(catalogue);
  CHECK(found.services.size() == 4);  // SSH to the gate, SSH on to the target, and two transports of one
  CHECK(found.forwards());
  CHECK(found.targets.size() == 2);
}
