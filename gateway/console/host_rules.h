// HostTable: one nftables table of the host's own, as `nft -j list table` prints it, and what it does to the
// gate's packets. Pure; reads, never changes. Runs in: sallyport.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "policies/service.h"

namespace sallyport {

// The first packet of a connection to one of the gate's service ports, at one hook. Nothing is known of where
// it comes from.
struct HostPacket {
  std::string_view hook;  // "prerouting", "input", "forward"
  Transport transport = Transport::tcp;
  Port port;
};

// Where a packet meets a drop or reject. An accept in another table never overrides it.
struct HostDrop {
  bool certain = false;  // else: depends on the packet's address, interface, rate, …
  std::string where;     // "table inet filter, chain input, policy drop"
};

// A rule that touches the gate's bit of the packet mark.
struct MarkUse {
  bool opens = false;  // it sets the bit: the deny side then lets such packets pass
  std::string where;   // "table ip mangle, chain prerouting, rule with handle 7, clears it"
};

// How a rule's condition stands to a packet of which only the hook, the transport and the port are known.
enum class HostMatch : std::uint8_t { no, perhaps, yes };

class HostTable {
 public:
  static Result<HostTable> parse(std::string_view json);

  std::vector<HostDrop> drops(const HostPacket& packet) const;
  std::vector<MarkUse> mark_uses(std::uint32_t bit) const;
  const std::string& name() const noexcept { return name_; }  // "inet filter"

 private:
  enum class Outcome : std::uint8_t { accepted, dropped, returned, nothing };
  struct Rule {
    std::string chain;
    std::uint64_t handle = 0;
    nlohmann::json expressions;
  };
  struct Chain {
    std::string name, hook;  // no hook: only jumped to
    bool drops_by_default = false;
  };
  struct Walk {
    const HostPacket& packet;
    int depth = 0;
    bool perhaps_accepted = false;
    std::string perhaps_at = {};  // the first rule that may drop
    std::string dropped_at = {};  // the one that does
  };

  Outcome pass(const std::string& chain, Walk& walk) const;
  Outcome apply(const Rule& rule, Walk& walk) const;
  Outcome decide(const Rule& rule, const nlohmann::json& verdict, HostMatch matches, Walk& walk) const;
  Outcome follow(const nlohmann::json& verdict, HostMatch matches, Walk& walk) const;
  Outcome choose(const Rule& rule, const nlohmann::json& map, HostMatch matches, Walk& walk) const;
  std::optional<HostDrop> drop_in(const Chain& chain, const HostPacket& packet) const;
  std::string place(const Rule& rule) const;

  std::string name_;
  std::vector<Chain> chains_;
  std::vector<Rule> rules_;
};

}  // namespace sallyport
