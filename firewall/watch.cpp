// Runs in: sallyportd (privileged). Reads the kernel's messages only.
#include "firewall/watch.h"

#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>
#include <utility>

#include "firewall/baseline.h"
#include "firewall/live_table.h"
#include "firewall/netfilter_socket.h"
#include "firewall/transaction.h"

namespace sallyport {

namespace {

constexpr const char* kProbeTable = "sallyport_probe";
// Thousands of elements, changed in one batch by somebody else, fit in; more is an overrun.
constexpr int kReceiveBuffer = 8 << 20;
constexpr std::size_t kLargestDatagram = 64 * 1024;
constexpr int kDatagramsATurn = 512;  // then the loop serves others
constexpr std::size_t kMostActs = 64;
constexpr std::size_t kMostChanges = 64;  // kinds of change times tables, of one batch

// NFT_MSG_DESTROY*, from Linux 6.3's header: since then the kernel reports a removal in the words in which it
// was asked for.
constexpr std::uint16_t kDestroyTable = 26;

struct MessageKind {
  std::uint16_t added, removed, destroyed;
  TableChange::Kind kind;
};
using Kind = TableChange::Kind;
constexpr std::array kMessageKinds{
    MessageKind{NFT_MSG_NEWTABLE, NFT_MSG_DELTABLE, kDestroyTable, Kind::table},
    MessageKind{NFT_MSG_NEWCHAIN, NFT_MSG_DELCHAIN, kDestroyTable + 1, Kind::chain},
    MessageKind{NFT_MSG_NEWRULE, NFT_MSG_DELRULE, kDestroyTable + 2, Kind::rule},
    MessageKind{NFT_MSG_NEWSET, NFT_MSG_DELSET, kDestroyTable + 3, Kind::set},
    MessageKind{NFT_MSG_NEWSETELEM, NFT_MSG_DELSETELEM, kDestroyTable + 4, Kind::element},
    MessageKind{NFT_MSG_NEWOBJ, NFT_MSG_DELOBJ, kDestroyTable + 5, Kind::object},
    MessageKind{NFT_MSG_NEWFLOWTABLE, NFT_MSG_DELFLOWTABLE, kDestroyTable + 6, Kind::flowtable}};

const char* to_text(Kind kind) noexcept {
  switch (kind) {
    case Kind::table:
      return "table";
    case Kind::chain:
      return "chain";
    case Kind::rule:
      return "rule";
    case Kind::set:
      return "set";
    case Kind::element:
      return "element";
    case Kind::object:
      return "object";
    case Kind::flowtable:
      return "flowtable";
    case Kind::other:
      return "other thing";
  }
  return "?";
}

const char* family_text(std::uint8_t family) noexcept {
  switch (family) {
    case NFPROTO_INET:
      return "inet";
    case NFPROTO_IPV4:
      return "ip";
    case NFPROTO_IPV6:
      return "ip6";
    case NFPROTO_ARP:
      return "arp";
    case NFPROTO_BRIDGE:
      return "bridge";
    case NFPROTO_NETDEV:
      return "netdev";
    default:
      return "unknown";
  }
}

bool is_table(const std::string& table, std::string_view name) {
  return table.starts_with("inet ") && std::string_view{table}.substr(5) == name;
}

std::uint16_t type_of(const nlmsghdr* message) { return message->nlmsg_type & 0xff; }

TableChange change_of(std::uint16_t type) {
  TableChange change;
  for (const auto& kind : kMessageKinds) {
    if (type != kind.added && type != kind.removed && type != kind.destroyed) continue;
    change.kind = kind.kind;
    change.removed = type != kind.added;
  }
  return change;
}

// libmnl's own loops over attributes do not compile as C++; its callback does.
struct Wanted {
  std::uint16_t type;
  const nlattr* found = nullptr;
};
const nlattr* find(const nlmsghdr* message, std::uint16_t type) {
  Wanted wanted{type};
  const auto look = [](const nlattr* attribute, void* data) {
    auto& sought = *static_cast<Wanted*>(data);
    if (mnl_attr_get_type(attribute) != sought.type) return MNL_CB_OK;
    sought.found = attribute;
    return MNL_CB_STOP;
  };
  mnl_attr_parse(message, sizeof(nfgenmsg), look, &wanted);
  return wanted.found;
}

std::string text_of(const nlattr* attribute) {
  if (attribute == nullptr) return {};
  const std::string_view bytes{static_cast<const char*>(mnl_attr_get_payload(attribute)),
                               mnl_attr_get_payload_len(attribute)};
  return std::string{bytes.substr(0, bytes.find('\0'))};
}

std::uint32_t number_of(const nlattr* attribute) {
  if (attribute == nullptr || mnl_attr_get_payload_len(attribute) != sizeof(std::uint32_t)) return 0;
  return ntohl(mnl_attr_get_u32(attribute));
}

// Elements of the live table are refused before they cost memory or time: its owner alone can change them,
// this process, and does so by the thousand. A datagram holds messages of one batch, so its first message
// tells. The batch's NFT_MSG_NEWGEN is a datagram of its own and still comes.
Done refuse_live_elements(int fd) {
  constexpr std::uint32_t kType = 4, kTable = sizeof(nlmsghdr) + sizeof(nfgenmsg) + sizeof(nlattr);
  // The type is in the machine's order, and a filter reads in the network's.
  const auto type = [](std::uint16_t of) {
    return std::uint32_t{htons(static_cast<std::uint16_t>(NFNL_SUBSYS_NFTABLES << 8 | of))};
  };
  const auto word = [](std::size_t index) {  // of the name with zeros behind it
    std::array<char, 16> name{};
    std::ranges::copy(std::string_view{kLiveTable}, name.begin());
    std::uint32_t number = 0;
    std::memcpy(&number, name.data() + index * 4, sizeof number);
    return ntohl(number);
  };
  static_assert(std::string_view{kLiveTable}.size() == 14, "four words and at least one zero");
  std::array<sock_filter, 13> code{{
      BPF_STMT(BPF_LD | BPF_H | BPF_ABS, kType),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, type(NFT_MSG_NEWSETELEM), 1, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, type(NFT_MSG_DELSETELEM), 0, 8),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, kTable),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, word(0), 0, 6),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, kTable + 4),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, word(1), 0, 4),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, kTable + 8),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, word(2), 0, 2),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, kTable + 12),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, word(3), 1, 0),
      BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
      BPF_STMT(BPF_RET | BPF_K, 0),
  }};
  const sock_fprog program{code.size(), code.data()};
  if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) != 0)
    return fail_errno("filtering nftables' notifications");
  return {};
}

// Filter and buffer first: nothing is heard before the group is joined.
Done subscribe(const MnlSocket& socket) {
  const int fd = mnl_socket_get_fd(socket.get());
  if (mnl_socket_bind(socket.get(), 0, MNL_SOCKET_AUTOPID) < 0) return fail_errno("binding a netlink socket");
  if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &kReceiveBuffer, sizeof kReceiveBuffer) != 0)
    return fail_errno("making room for nftables' notifications");
  RETURN_IF_ERROR(refuse_live_elements(fd));
  int group = NFNLGRP_NFTABLES;
  if (mnl_socket_setsockopt(socket.get(), NETLINK_ADD_MEMBERSHIP, &group, sizeof group) < 0)
    return fail_errno("listening to nftables' notifications");
  return {};
}

}  // namespace

bool TableChange::is_ours() const { return is_table(table, kBaseTable) || is_table(table, kLiveTable); }

bool TableChange::removes_base() const {
  return kind == Kind::table && removed && is_table(table, kBaseTable);
}

std::string TableChange::text() const {
  return fmt::format("{}: {} {}{} {}", table, count, to_text(kind), count == 1 ? "" : "s",
                     removed ? "removed" : "added or changed");
}

bool ForeignAct::touches_ours() const { return std::ranges::any_of(changes, &TableChange::is_ours); }
bool ForeignAct::removes_base() const { return std::ranges::any_of(changes, &TableChange::removes_base); }
bool FirewallNews::touches_ours() const { return std::ranges::any_of(acts, &ForeignAct::touches_ours); }
bool FirewallNews::removes_base() const { return std::ranges::any_of(acts, &ForeignAct::removes_base); }

void FirewallNewsReader::take(std::span<const char> datagram) {
  int left = static_cast<int>(datagram.size());
  for (const auto* message = reinterpret_cast<const nlmsghdr*>(datagram.data()); mnl_nlmsg_ok(message, left);
       message = mnl_nlmsg_next(message, &left)) {
    if (message->nlmsg_type >> 8 != NFNL_SUBSYS_NFTABLES) continue;
    if (message->nlmsg_len < sizeof(nlmsghdr) + sizeof(nfgenmsg)) continue;
    if (type_of(message) == NFT_MSG_NEWGEN)
      on_generation(message);
    else
      on_change(message);
  }
}

void FirewallNewsReader::on_change(const nlmsghdr* message) {
  auto change = change_of(type_of(message));
  const auto* header = static_cast<const nfgenmsg*>(mnl_nlmsg_get_payload(message));
  // Number 1 is the table's name in the messages of every kind.
  change.table =
      fmt::format("{} {}", family_text(header->nfgen_family), text_of(find(message, NFTA_TABLE_NAME)));
  // Those of its owner, or the kernel's at their deadline.
  if (change.kind == Kind::element && is_table(change.table, kLiveTable)) return;
  auto& changes = open_[message->nlmsg_pid];
  const auto same = std::ranges::find_if(changes, [&](const TableChange& other) {
    return other.table == change.table && other.kind == change.kind && other.removed == change.removed;
  });
  if (same != changes.end())
    ++same->count;
  else if (changes.size() < kMostChanges || change.is_ours())
    changes.push_back(std::move(change));
}

void FirewallNewsReader::on_generation(const nlmsghdr* message) {
  const auto pid = number_of(find(message, NFTA_GEN_PROC_PID));
  if (message->nlmsg_pid == own_port_) own_pid_ = pid;
  auto batch = open_.extract(message->nlmsg_pid);
  if (batch.empty() || (pid != 0 && pid == own_pid_)) return;
  if (news_.acts.size() == kMostActs) return void(news_.overrun = true);
  news_.acts.push_back({std::move(batch.mapped()), pid, text_of(find(message, NFTA_GEN_PROC_NAME))});
}

FirewallNews FirewallNewsReader::finish() {
  // What the kernel did by itself, such as taking away the chain of a network device that is gone, has no
  // port and no end.
  if (auto batch = open_.extract(0)) news_.acts.push_back({std::move(batch.mapped()), 0, ""});
  return std::exchange(news_, {});
}

Result<FirewallWatch> FirewallWatch::open() {
  MnlSocket socket{mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC | SOCK_NONBLOCK)};
  if (!socket) return fail_errno("opening a netfilter netlink socket");
  RETURN_IF_ERROR(subscribe(socket));
  FirewallWatch watch{std::move(socket)};
  RETURN_IF_ERROR(watch.learn_own_name());
  return watch;
}

// The kernel names processes as the host counts them, which getpid() in a container does not. So we make a
// change that changes nothing and see whose it was. A watch that does not hear it would be a silent guard.
Done FirewallWatch::learn_own_name() {
  ASSIGN_OR_RETURN(auto socket, NetfilterSocket::open());
  Transaction probe{kProbeTable};
  probe.add_table(0);
  probe.delete_table();
  reader_.learn_from(socket.port_id());
  if (const auto verdict = probe.commit(socket); !verdict)
    return tl::unexpected{verdict.error("trying out nftables' notifications")};
  RETURN_IF_ERROR(drain());
  if (!reader_.knows_itself()) return fail("nftables' notifications do not tell of our own change");
  return {};
}

Result<FirewallNews> FirewallWatch::read() {
  RETURN_IF_ERROR(drain());
  return reader_.finish();
}

Done FirewallWatch::drain() {
  alignas(nlmsghdr) std::array<char, kLargestDatagram> buffer;
  for (int i = 0; i < kDatagramsATurn; ++i) {
    const auto length = ::recv(fd(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (length >= 0)
      reader_.take({buffer.data(), static_cast<std::size_t>(length)});
    else if (errno == ENOBUFS)
      reader_.lose();
    else if (errno == EAGAIN)
      return {};
    else if (errno != EINTR)
      return fail_errno("reading nftables' notifications");
  }
  return {};
}

}  // namespace sallyport
