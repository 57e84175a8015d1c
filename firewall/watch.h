// FirewallWatch: hears of every change that somebody else makes to nftables, and who it was, as far as the
// kernel tells. Runs in: sallyportd (privileged). Reads the kernel's messages only.
//
// What matters is a change to our two tables. One to another's cannot open anything: an accept ends only the
// base chain that it stands in, and the packet goes on to the next one of the hook; a drop, ours, is final.
// An address translation in front of us changes what we look at, and what it makes of a packet is then
// refused or not like any other. Only a foreign rule that sets our mark bit opens a door, and whoever may
// write that rule may remove ours as well; `sallyport doctor` looks for it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "firewall/nft_handles.h"

namespace sallyport {

// Changes of one kind to one table.
struct TableChange {
  enum class Kind : std::uint8_t { table, chain, rule, set, element, object, flowtable, other };
  std::string table;  // "inet sallyport_base"
  Kind kind = Kind::other;
  bool removed = false;
  std::size_t count = 1;

  bool is_ours() const;       // of one of our two tables
  bool removes_base() const;  // the base table as a whole
  std::string text() const;   // "inet sallyport_base: 3 elements removed"
};

// One batch that somebody else committed.
struct ForeignAct {
  std::vector<TableChange> changes;
  std::uint32_t pid = 0;  // as the host counts, whatever namespace it or we are in; 0: not known
  std::string process;    // the name it gives itself; empty: not known

  bool touches_ours() const;
  bool removes_base() const;
};

// What was heard since the last read.
struct FirewallNews {
  std::vector<ForeignAct> acts;
  bool overrun = false;  // the kernel had more to say than the socket could hold: look for yourself

  bool touches_ours() const;
  bool removes_base() const;
};

// Puts the kernel's messages together: those of a batch, then NFT_MSG_NEWGEN, which says whose it was. Pure.
class FirewallNewsReader {
 public:
  // One datagram.
  void take(std::span<const char> datagram);
  void lose() { news_.overrun = true, open_.clear(); }
  FirewallNews finish();

  // The process that commits next through this netlink port is ours: its batches, through whatever port, are
  // not told.
  void learn_from(std::uint32_t port) { own_port_ = port; }
  bool knows_itself() const noexcept { return own_pid_.value_or(0) != 0; }

 private:
  void on_change(const nlmsghdr* message);
  void on_generation(const nlmsghdr* message);

  std::map<std::uint32_t, std::vector<TableChange>> open_;  // by port: batches without their end yet
  std::optional<std::uint32_t> own_port_, own_pid_;
  FirewallNews news_;
};

class FirewallWatch {
 public:
  // Listens, and proves with a change of its own that changes are heard. In the network namespace that the
  // caller is in.
  static Result<FirewallWatch> open();

  int fd() const { return mnl_socket_get_fd(socket_.get()); }
  // What has happened since the last read; never waits. Readable again when there is more. An error means
  // that the socket is of no more use.
  Result<FirewallNews> read();

 private:
  explicit FirewallWatch(MnlSocket socket) : socket_(std::move(socket)) {}
  Done drain();
  Done learn_own_name();

  MnlSocket socket_;
  FirewallNewsReader reader_;
};

}  // namespace sallyport
