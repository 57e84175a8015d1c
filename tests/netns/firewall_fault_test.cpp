// The firewall when the kernel's answers get lost. Runs in: tests, as root.
#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/netfilter/nfnetlink.h>
#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <filesystem>
#include <thread>

#include "firewall/nft_handles.h"
#include "tests/catch.h"
#include "tests/netns/site.h"

using namespace sallyport;

namespace {

// The firewall's own socket: the only netlink socket that stays open.
int netlink_socket() {
  for (const auto& entry : std::filesystem::directory_iterator{"/proc/self/fd"}) {
    const int fd = std::stoi(entry.path().filename());
    int domain = 0;
    socklen_t size = sizeof domain;
    if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0 && domain == AF_NETLINK) return fd;
  }
  FAIL("no netlink socket");
  return -1;
}

// The kernel goes on doing what it is told, but what the filter refuses of its answers vanishes.
template <std::size_t Size>
void filter_answers(std::array<sock_filter, Size> code) {
  const sock_fprog program{Size, code.data()};
  REQUIRE(setsockopt(netlink_socket(), SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) == 0);
}

void lose_every_answer() { filter_answers<1>({{BPF_STMT(BPF_RET | BPF_K, 0)}}); }

// Of batches whose last message is of `type`.
void lose_answers_to(std::uint16_t type) {
  const std::uint16_t whole = NFNL_SUBSYS_NFTABLES << 8 | type;
  // nlmsghdr (16 bytes), error code (4), then the header of the message that it answers: type at 16 + 4 + 4.
  filter_answers<4>(
      {{BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 24), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(whole), 0, 1),
        BPF_STMT(BPF_RET | BPF_K, 0), BPF_STMT(BPF_RET | BPF_K, UINT32_MAX)}});
}

}  // namespace

TEST_CASE("an opening whose answer was lost is taken back") {
  Site site;
  lose_answers_to(NFT_MSG_NEWSETELEM);  // the refill of nothing ends in a flush, whose answer comes
  const auto lease = site.firewall->open({site.entry("192.0.2.7"), site.entry("192.0.2.0/24")});
  REQUIRE_FALSE(lease);
  CHECK(lease.error().message().find("answer was lost") != std::string::npos);
  CHECK(site.inspect().empty());
  CHECK(site.check_guard());
}

TEST_CASE("a close whose answer was lost closes, and the others stay") {
  Site site;
  auto closed = site.open({site.entry("192.0.2.7"), site.entry("192.0.2.0/24")});
  auto kept = site.open({site.entry("192.0.2.8"), site.entry("192.0.2.0/25")});
  lose_answers_to(NFT_MSG_DELSETELEM);  // of the close; the refill ends in an added element
  // The close is of exact addresses only: with a range, that of `kept` would be added back, and end its
  // batch.
  REQUIRE(site.firewall->change(closed, {site.entry("192.0.2.7"), site.entry("192.0.2.9")}));
  closed.close();
  CHECK(site.inspect().size() == 2);
  CHECK(site.check_guard());
  CHECK(site.firewall->change(kept, {site.entry("192.0.2.9")}));
  CHECK(site.inspect().size() == 1);
}

TEST_CASE("when no answer comes at all everything is closed, and the next opening starts anew") {
  Site site;
  const auto listener = listen_at(site.gate, kGate, 22);
  auto closed = site.open({site.dial(kHmc)});
  auto innocent = site.open({site.entry(kRep)});
  const auto flow = connect(site.rep, kRep, kGate, 22, listener);
  REQUIRE(flow);
  lose_every_answer();
  closed.close();
  CHECK_FALSE(flow->passes());
  CHECK(site.inspect().empty());
  CHECK_FALSE(site.check_guard());  // the gate can tell that its leases are void

  const auto anew = site.gate.in([&] { return site.firewall->open({site.entry(kOther)}); });
  REQUIRE(anew);
  CHECK(site.check_guard());
  CHECK_FALSE(site.firewall->change(innocent, {site.entry(kRep)}));
  innocent.close();
  CHECK(site.inspect().size() == 1);
  CHECK(connect(site.rep, kOther, kGate, 22, listener));
}

// The kernel stops at the first element of a message that is not there: the others of that message then stay,
// and adding them anew is refused for another reason.
TEST_CASE("what has expired in the kernel keeps nothing else from being changed or closed") {
  using std::chrono::milliseconds;
  const auto [brief, lasting] =
      GENERATE(table<const char*, const char*>({{"192.0.2.7", "192.0.2.8"},
                                                {"192.0.2.8", "192.0.2.7"},
                                                {"192.0.2.0/30", "192.0.2.16/30"},
                                                {"192.0.2.16/30", "192.0.2.0/30"}}));
  Site site;
  auto lease = site.open({site.entry(brief, milliseconds{60}), site.entry(lasting)});
  std::this_thread::sleep_for(milliseconds{150});
  REQUIRE(site.inspect().size() == 1);
  const auto changed = site.firewall->change(lease, {site.entry(lasting, std::chrono::minutes{2})});
  INFO((changed ? "" : changed.error().message()));
  CHECK(changed);
  REQUIRE(site.held().size() == 1);
  CHECK(site.held().front().left > std::chrono::seconds{90});
  lease.close();
  CHECK(site.inspect().empty());
}
