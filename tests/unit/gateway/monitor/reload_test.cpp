// guarded_by: what the deny side covers for a catalogue. Runs in: tests.
#include "gateway/monitor/reload.h"

#include <algorithm>

#include "tests/catch.h"

using namespace sallyport;

namespace {

Address address(const char* text) { return *Address::parse(text); }

Service service(std::uint16_t port, Carriage carriage, std::vector<Transport> transports = {Transport::tcp}) {
  Service made;
  made.port = Port{port};
  made.carriage = carriage;
  made.transports = std::move(transports);
  return made;
}

Catalogue catalogue() {
  Catalogue all;
  all.settings.addresses = {address("192.0.2.1"), address("2001:db8::1")};
  all.settings.ssh_port = Port{2222};
  all.policies["a"].services = {service(22, Carriage::ssh), service(443, Carriage::forward),
                                service(12443, Carriage::through_ssh)};
  all.policies["b"].services = {service(443, Carriage::forward),
                                service(657, Carriage::forward, {Transport::tcp, Transport::udp})};
  all.policies["b"].services[1].legacy = true;
  all.targets["hmc1"].addresses = {address("198.51.100.10")};
  all.targets["hmc1"].managed_systems = {{"s1", "", {address("198.51.100.20")}}};
  all.targets["hmc2"].addresses = {address("2001:db8:9::10"), address("198.51.100.10")};
  return all;
}

}  // namespace

TEST_CASE(
    "the deny side covers the gate's SSH port and every forwarded one of every policy, at each address") {
  const auto v4 = address("192.0.2.1"), v6 = address("2001:db8::1");
  const auto tcp = Transport::tcp, udp = Transport::udp;
  auto services = guarded_by(catalogue()).services;
  std::vector<Guarded::Service> expected{{v4, tcp, Port{443}},  {v4, tcp, Port{657}}, {v4, tcp, Port{2222}},
                                         {v4, udp, Port{657}},  {v6, tcp, Port{443}}, {v6, tcp, Port{657}},
                                         {v6, tcp, Port{2222}}, {v6, udp, Port{657}}};
  std::sort(services.begin(), services.end());
  CHECK(services == expected);
}

TEST_CASE("the deny side covers every address of every target and of the systems behind it, once") {
  CHECK(guarded_by(catalogue()).targets ==
        std::vector<Address>{address("198.51.100.10"), address("198.51.100.20"), address("2001:db8:9::10")});
}
