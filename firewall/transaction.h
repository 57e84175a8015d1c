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

// Writes `elements` of one set into a message of their own.
void put_elements(nlmsghdr* message, const char* table, const char* set,
                  const std::vector<Element>& elements);

class Transaction {
 public:
  // Neighbouring elements of one set in one message are cheaper; elements that have a message each can be
  // told apart in a refusal.
  enum class Elements : std::uint8_t { together, one_a_message };

  explicit Transaction(std::string table, Elements elements = Elements::one_a_message);

  // Each returns the number of its message, counted from 0.
  std::size_t add_table(std::uint32_t flags);
  std::size_t delete_table();
  std::size_t add_element(const char* set, const Element& element);
  std::size_t delete_element(const char* set, const Element& element);
  std::size_t destroy_element(const char* set, const Element& element);  // if it is there; Linux 6.3
  std::size_t flush_set(const char* set);
  // Chains, sets, rules and elements of `content`, into the table.
  void add_content(const Table& content);

  bool empty() const noexcept { return count_ == 0; }
  // Numbers the messages, so that a late answer to another batch is not taken for this one's.
  Verdict commit(NetfilterSocket& socket);

 private:
  nlmsghdr* begin(std::uint16_t type, std::uint16_t flags, std::size_t room);
  std::size_t end(const nlmsghdr* message);
  std::size_t put_element(std::uint16_t type, std::uint16_t flags, const char* set, const Element& element);
  bool continues_list(std::uint16_t type, const char* set) const;
  void close_frame(std::uint32_t first_sequence);

  std::string table_;
  Elements elements_;
  std::vector<char> bytes_;  // the frame's begin and the messages, one behind the other
  std::size_t count_ = 0;    // of messages
  // The message that more elements of the same set can join; its list of elements ends where it ends.
  std::size_t last_ = 0, list_ = 0;  // offsets in bytes_; 0: none
  std::string list_set_;
};

}  // namespace sallyport
