// netns_owner GATE REP TARGET tcp|udp PORT: holds one forwarded port open until it is killed, as a site's
// monitor does: it is built without sanitizers, whose memory the kernel takes long to give back before it
// comes to the sockets. Prints a line when the port is open. Runs in: tests, as root, in the gate's network
// namespace.
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "firewall/nft_firewall.h"

using namespace sallyport;

int main(int count, char** arguments) {
  if (count != 6) return EXIT_FAILURE;
  const auto gate = Address::parse(arguments[1]), target = Address::parse(arguments[3]);
  const auto rep = Network::parse(arguments[2]);
  const auto transport = std::string_view{arguments[4]} == "tcp" ? Transport::tcp : Transport::udp;
  const Port port{static_cast<std::uint16_t>(std::atoi(arguments[5]))};
  if (!gate || !rep || !target) return EXIT_FAILURE;
  const SystemClock clock;
  auto firewall = NftFirewall::create(clock, 0x10000000);
  if (!firewall || !(*firewall)->guard({{{*gate, transport, port}}, {*target}, false})) return EXIT_FAILURE;
  const auto lease = (*firewall)->open(
      {{Opening::Way::forward, *rep, transport, port, clock.boot() + std::chrono::minutes{1}, *target}});
  if (!lease) return EXIT_FAILURE;
  std::puts("open");
  std::fflush(stdout);
  for (;;) pause();
}
