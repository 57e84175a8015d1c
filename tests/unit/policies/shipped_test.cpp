// The shipped policies against the white paper's port list, and the shipped sallyport.toml.
#include <algorithm>
#include <fstream>
#include <map>
#include <sstream>

#include "policies/file_formats.h"
#include "tests/catch.h"
#include "tests/unit/policies/folder.h"

using namespace sallyport;

namespace {

constexpr auto tcp = Transport::tcp;
constexpr auto udp = Transport::udp;
constexpr bool kLegacyRemoved = true, kKept = false;

// "HMC Connectivity Security White Paper", March 2024, "Remote Service HMC Port List": "When an inbound
// remote service connection to the HMC is active, only the following ports are allowed through the firewall
// for TCP and UDP." The list gives a protocol for 11125 and 5026 alone; the others have the registered one
// (IANA) or the one of IBM's HMC documentation.
struct Row {
  std::uint16_t port;
  std::vector<Transport> transports;
  const char* description;  // as the list words it
  bool legacy;
};
const std::vector<Row> kPortList{
    {22, {tcp}, "Access to the HMC", kKept},
    {2301, {tcp}, "5250 Secure Terminal for IBMi", kKept},
    {443, {tcp}, "Web-based user interface (Power8)", kKept},
    {123, {udp}, "NTP", kKept},
    {161, {udp}, "SNMP Agent", kKept},
    {162, {udp}, "SNMP Trap", kKept},
    {427, {tcp, udp}, "SLP (Legacy, Removed)", kLegacyRemoved},
    {443, {tcp}, "HMC GUI & REST API", kKept},
    {657, {tcp, udp}, "RMC", kKept},
    {5989, {tcp}, "CIM (Legacy, Removed)", kLegacyRemoved},
    {9900, {udp}, "FCS: HMC-HMC Discovery", kKept},
    {9920, {tcp}, "FCS: HMC-HMC Communication", kKept},
    {9960, {tcp}, "VTerm Applet in GUI (Legacy, Removed)", kLegacyRemoved},
    {12347, {udp}, "RSCT Peer Domain", kKept},
    {12348, {udp}, "RSCT Peer Domain", kKept},
    {17443, {tcp}, "Redfish Event", kKept},
    {11125, {tcp, udp}, "PowerSC UI Agent (tcp / udp)", kKept},
    {5026, {tcp, udp}, "Call Home Server Proxy (tcp / udp)", kKept},
};
// "It is recommended to maintain only SSH (port 22) and HTTPS (ports 443) ports are exposed to intranet. The
// other ports must be in private / isolated network."
const std::vector<std::uint16_t> kWide{22, 443};

// Not in the list: the REST API's own port of an HMC before version 11 (IBM's HMC documentation).
const Row kRestBeforeVersion11{12443, {tcp}, "REST API", kLegacyRemoved};

struct Shipped {
  const char* name;
  std::vector<TargetKind> targets;
  std::vector<std::uint16_t> ports;
};
const std::vector<Shipped> kShipped{
    {"hmc-ssh", {}, {22}},
    {"hmc", {TargetKind::power}, {22, 443, 12443}},
    {"hmc-5250", {TargetKind::power}, {22, 443, 12443, 2301}},
    {"hmc-full",
     {TargetKind::power},
     {22, 2301, 443, 123, 161, 162, 427, 657, 5989, 9900, 9920, 9960, 12347, 12348, 17443, 11125, 5026}},
    {"ds8000", {TargetKind::ds8000}, {22, 443}},
    {"hmc-web", {}, {22, 443}},
};

const std::filesystem::path kSource{SALLYPORT_SOURCE_DIR};

std::string text_of(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream{path}.rdbuf();
  return text.str();
}

std::string policy_text(const std::string& name) { return text_of(kSource / "policies" / (name + ".toml")); }

const Row* row_of(Port port) {
  if (port.value() == kRestBeforeVersion11.port) return &kRestBeforeVersion11;
  const auto row = std::ranges::find(kPortList, port.value(), &Row::port);
  return row == kPortList.end() ? nullptr : &*row;
}

std::size_t count_of(std::string_view text, std::string_view part) {
  std::size_t count = 0;
  for (auto at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++count;
  return count;
}

struct Folder : ConfigFolder {
  Folder() {
    for (const auto& shipped : kShipped)
      put(std::string{"policies/"} + shipped.name + ".toml", policy_text(shipped.name));
    put("sallyport.toml", text_of(kSource / "packaging/sallyport.toml"));
  }
};

}  // namespace

TEST_CASE("the shipped files are good, and all policies are looked at here") {
  const Folder folder;
  CHECK(folder.problems() == "");
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator{kSource / "policies"})
    files += entry.path().extension() == ".toml" ? 1U : 0U;
  CHECK(files == kShipped.size());
}

TEST_CASE("each shipped policy opens the white paper's ports, in its way, and no other") {
  const Folder folder;
  const auto catalogue = load_catalogue(folder.path());
  REQUIRE(catalogue);
  for (const auto& shipped : kShipped) {
    INFO(shipped.name);
    const auto& policy = catalogue->policies.at(shipped.name);
    CHECK(policy.targets == shipped.targets);
    CHECK_FALSE(policy.description.empty());
    std::vector<std::uint16_t> ports;
    for (const auto& service : policy.services) {
      INFO(service.name << " " << service.port.value());
      ports.push_back(service.port.value());
      const Row* const row = row_of(service.port);
      REQUIRE(row != nullptr);
      CHECK(service.transports == row->transports);
      CHECK(service.legacy == row->legacy);
      const bool wide = std::ranges::find(kWide, service.port.value()) != kWide.end();
      CHECK(service.exposure == (wide ? Exposure::wide : Exposure::isolated));
      const auto web = std::string_view{shipped.name} == "hmc-web" ? Carriage::https : Carriage::forward;
      CHECK(service.carriage == (service.port == Port{22} ? Carriage::ssh : web));
      CHECK(service.reach == Reach::hmc);
      CHECK_FALSE(service.description.empty());
    }
    CHECK(ports == shipped.ports);
  }
}

TEST_CASE("hmc-full is every row of the list, each with its direction") {
  std::vector<std::uint16_t> listed, shipped = kShipped[3].ports;
  for (const auto& row : kPortList) listed.push_back(row.port);
  std::ranges::sort(listed);
  listed.erase(std::unique(listed.begin(), listed.end()), listed.end());  // 443 stands there twice
  std::ranges::sort(shipped);
  CHECK(shipped == listed);
  const auto text = policy_text("hmc-full");
  CHECK(count_of(text, "\n[[service]]\n") == listed.size());
  CHECK(count_of(text, "\ndirection = \"inbound\"") == listed.size());
}
