// What the kernel's notifications are taken for. Against the kernel: tests/netns/firewall_watch_test.cpp.
#include "firewall/watch.h"

#include <linux/netfilter/nfnetlink.h>

#include "tests/catch.h"

using namespace sallyport;

namespace {

using Kind = TableChange::Kind;

constexpr std::uint32_t kOurPort = 100, kOurPid = 4711, kNftPort = 200, kNftPid = 815;

// Datagrams as the kernel writes them.
class Datagram {
 public:
  Datagram& change(std::uint16_t type, const char* table, std::uint32_t port = kNftPort,
                   std::uint8_t family = NFPROTO_INET) {
    mnl_attr_put_strz(start(type, port, family), NFTA_TABLE_NAME, table);
    return end();
  }
  Datagram& generation(std::uint32_t port, std::uint32_t pid, const char* process) {
    auto* const message = start(NFT_MSG_NEWGEN, port, NFPROTO_UNSPEC);
    mnl_attr_put_u32(message, NFTA_GEN_ID, htonl(7));
    mnl_attr_put_u32(message, NFTA_GEN_PROC_PID, htonl(pid));
    mnl_attr_put_strz(message, NFTA_GEN_PROC_NAME, process);
    return end();
  }
  operator std::span<const char>() const { return {bytes_, size_}; }

 private:
  nlmsghdr* start(std::uint16_t type, std::uint32_t port, std::uint8_t family) {
    auto* const message = mnl_nlmsg_put_header(bytes_ + size_);
    message->nlmsg_type = static_cast<std::uint16_t>(NFNL_SUBSYS_NFTABLES << 8 | type);
    message->nlmsg_pid = port;
    auto* const header = static_cast<nfgenmsg*>(mnl_nlmsg_put_extra_header(message, sizeof(nfgenmsg)));
    header->nfgen_family = family;
    return latest_ = message;
  }
  Datagram& end() {
    size_ += MNL_ALIGN(latest_->nlmsg_len);
    return *this;
  }
  alignas(nlmsghdr) char bytes_[4096]{};
  std::size_t size_ = 0;
  nlmsghdr* latest_ = nullptr;
};

struct Watching {
  FirewallNewsReader reader;
  Watching() {
    reader.learn_from(kOurPort);
    reader.take(Datagram{}.change(NFT_MSG_NEWTABLE, "sallyport_probe", kOurPort));
    reader.take(Datagram{}.generation(kOurPort, kOurPid, "sallyportd"));
  }
};

}  // namespace

TEST_CASE("our own batches are not told, whatever socket they went through") {
  Watching watching;
  CHECK(watching.reader.knows_itself());
  watching.reader.take(
      Datagram{}.change(NFT_MSG_DELRULE, "sallyport_base", 333).generation(333, kOurPid, "sallyportd"));
  CHECK(watching.reader.finish().acts.empty());
}

TEST_CASE("a foreign batch is told with its process once its end has come") {
  Watching watching;
  watching.reader.take(Datagram{}
                           .change(NFT_MSG_DELSETELEM, "sallyport_base")
                           .change(NFT_MSG_DELSETELEM, "sallyport_base")
                           .change(NFT_MSG_NEWRULE, "filter", kNftPort, NFPROTO_IPV4));
  CHECK(watching.reader.finish().acts.empty());
  watching.reader.take(Datagram{}.generation(kNftPort, kNftPid, "nft"));
  const auto news = watching.reader.finish();
  REQUIRE(news.acts.size() == 1);
  CHECK(news.acts[0].pid == kNftPid);
  CHECK(news.acts[0].process == "nft");
  REQUIRE(news.acts[0].changes.size() == 2);
  CHECK(news.acts[0].changes[0].text() == "inet sallyport_base: 2 elements removed");
  CHECK(news.acts[0].changes[0].is_ours());
  CHECK(news.acts[0].changes[1].text() == "ip filter: 1 rule added or changed");
  CHECK_FALSE(news.acts[0].changes[1].is_ours());
  CHECK(news.touches_ours());
  CHECK_FALSE(news.removes_base());
  CHECK(watching.reader.finish().acts.empty());  // told once
}

TEST_CASE("two processes at the same time are told apart") {
  Watching watching;
  watching.reader.take(Datagram{}.change(NFT_MSG_NEWCHAIN, "a", kNftPort).change(NFT_MSG_NEWCHAIN, "b", 300));
  watching.reader.take(Datagram{}.generation(300, 77, "other").generation(kNftPort, kNftPid, "nft"));
  const auto news = watching.reader.finish();
  REQUIRE(news.acts.size() == 2);
  CHECK(news.acts[0].process == "other");
  CHECK(news.acts[0].changes[0].table == "inet b");
  CHECK(news.acts[1].changes[0].table == "inet a");
  CHECK_FALSE(news.touches_ours());
}

TEST_CASE("the removal of the base table is told in each of the kernel's words for it") {
  Watching watching;
  const std::uint16_t type =
      GENERATE(std::uint16_t{NFT_MSG_DELTABLE}, std::uint16_t{26});  // NFT_MSG_DESTROYTABLE
  watching.reader.take(Datagram{}.change(type, "sallyport_base").generation(kNftPort, kNftPid, "nft"));
  CHECK(watching.reader.finish().removes_base());
  watching.reader.take(
      Datagram{}.change(type, "sallyport_base", kNftPort, NFPROTO_IPV4).generation(kNftPort, kNftPid, "nft"));
  CHECK_FALSE(watching.reader.finish().touches_ours());  // ip, not inet: a stranger's of the same name
}

TEST_CASE("elements of the live table are their owner's, or ended at their deadline, and are not told") {
  Watching watching;
  watching.reader.take(Datagram{}.change(NFT_MSG_DELSETELEM, "sallyport_live", 0));
  CHECK(watching.reader.finish().acts.empty());
  SECTION("but what the kernel does to a chain by itself is") {
    watching.reader.take(Datagram{}.change(NFT_MSG_DELCHAIN, "sallyport_base", 0));
    const auto news = watching.reader.finish();
    REQUIRE(news.acts.size() == 1);
    CHECK(news.acts[0].pid == 0);
    CHECK(news.touches_ours());
  }
}

TEST_CASE("a flood of foreign batches is an overrun, and takes no more memory") {
  Watching watching;
  for (int i = 0; i < 1000; ++i)
    watching.reader.take(Datagram{}.change(NFT_MSG_NEWRULE, "filter").generation(kNftPort, kNftPid, "nft"));
  const auto news = watching.reader.finish();
  CHECK(news.overrun);
  CHECK(news.acts.size() < 100);
}

TEST_CASE("what is no message of nftables, or cut short, is passed over") {
  Watching watching;
  watching.reader.take({});
  Datagram datagram;
  const std::span<const char> whole = datagram.change(NFT_MSG_DELTABLE, "sallyport_base");
  watching.reader.take(whole.first(10));
  CHECK(watching.reader.finish().acts.empty());
}
