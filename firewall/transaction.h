// Transaction: a batch of changes to nftables. Nothing reaches the kernel before commit(); then all of it
// takes effect together, or none. Runs in: sallyportd (privileged).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "firewall/netfilter_socket.h"
#include "firewall/table.h"

namespace sallyport {

// What became of a batch.
struct Verdict {
  enum class Outcome : std::uint8_t {
    done,
    refused,  // the kernel said no; nothing changed
    unknown,  // the answer was lost (ENOBUFS): the kernel may have done it or not
  };
  struct Refusal {
    std::size_t message = 0;  // the number that the Transaction's verb returned
    int code = 0;             // errno
  };
  Outcome outcome = Outcome::done;
  std::vector<Refusal> refusals;  // when refused: each message that the kernel objected to, if it said which
  int code = 0;                   // errno of the first objection, or of the loss

  explicit operator bool() const noexcept { return outcome == Outcome::done; }
  Error error(std::string_view doing) const;
};

class Transaction {
 public:
  explicit Transaction(std::string table) : table_(std::move(table)) {}

  // Each returns the number of its message, counted from 0.
  std::size_t add_table(std::uint32_t flags);
  std::size_t delete_table();
  std::size_t add_element(const char* set, const SetKey& key, const SetKey& end, std::uint64_t milliseconds);
  std::size_t delete_element(const char* set, const SetKey& key, const SetKey& end);
  std::size_t flush_set(const char* set);
  // Chains, sets, rules and elements of `content`, into the table.
  void add_content(const Table& content);

  bool empty() const noexcept { return sizes_.empty(); }
  // Numbers the messages, so that a late answer to another batch is not taken for this one's.
  Verdict commit(NetfilterSocket& socket);

 private:
  template <class Fill>
  std::size_t append(std::uint16_t type, std::uint16_t flags, const Fill& fill);
  std::size_t append_element(std::uint16_t type, std::uint16_t flags, const char* set, const SetKey& key,
                             const SetKey& end, std::uint64_t milliseconds);
  std::vector<char> framed(std::uint32_t first_sequence);

  std::string table_;
  std::vector<char> bytes_;         // the messages, one behind the other
  std::vector<std::size_t> sizes_;  // of each message
};

}  // namespace sallyport
