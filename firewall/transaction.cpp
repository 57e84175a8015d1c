// Runs in: sallyportd (privileged). Reads the kernel's answers only.
#include "firewall/transaction.h"

#include <endian.h>
#include <libnftnl/common.h>
#include <linux/netlink.h>

#include <array>

namespace sallyport {

namespace {

// No message of ours is longer before elements join it: a rule takes some 1,000 bytes.
constexpr std::size_t kLongestMessage = 4096;
// An element: at most 40 bytes of key, as many of its end, 16 of data, the deadline and the headers.
constexpr std::size_t kLongestElement = 256;
constexpr std::size_t kFullList = 32 * 1024;  // the length of an attribute has 16 bits

Verdict lost(int code) { return {Verdict::Outcome::unknown, {}, code}; }

// Collects the kernel's answers to the messages first..last, of which first is the frame's begin and the last
// before the end asked to be acknowledged.
class Answers {
 public:
  Answers(std::uint32_t first, std::uint32_t last) : first_(first), last_(last) {}

  // True once the answer is complete. Several acknowledgements may come in one datagram.
  bool take(const char* bytes, std::size_t size) {
    auto length = static_cast<int>(size);
    for (const auto* header = reinterpret_cast<const nlmsghdr*>(bytes); mnl_nlmsg_ok(header, length);
         header = mnl_nlmsg_next(header, &length))
      if (header->nlmsg_type == NLMSG_ERROR) take(header);
    return complete_;
  }
  Verdict verdict() && { return std::move(verdict_); }

 private:
  void take(const nlmsghdr* header) {
    const auto sequence = header->nlmsg_seq;
    if (sequence - first_ > last_ - first_) return;  // an answer to an older batch
    const int code = -static_cast<const nlmsgerr*>(mnl_nlmsg_get_payload(header))->error;
    if (code != 0) refuse(sequence, code);
    // An objection to the frame itself is the kernel's last word, apart from acknowledgements without
    // meaning.
    complete_ = complete_ || sequence == last_ || sequence == first_;
  }
  void refuse(std::uint32_t sequence, int code) {
    verdict_.outcome = Verdict::Outcome::refused;
    if (verdict_.code == 0) verdict_.code = code;
    if (sequence != first_) verdict_.refusals.push_back({sequence - first_ - 1, code});
  }

  std::uint32_t first_;
  std::uint32_t last_;
  Verdict verdict_;
  bool complete_ = false;
};

void put_data(nlmsghdr* message, std::uint16_t attribute, const SetKey& key) {
  if (key.empty()) return;
  auto* nest = mnl_attr_nest_start(message, attribute);
  mnl_attr_put(message, NFTA_DATA_VALUE, key.bytes().size(), key.bytes().data());
  mnl_attr_nest_end(message, nest);
}

void put_in_list(nlmsghdr* message, const Element& element) {
  auto* nest = mnl_attr_nest_start(message, NFTA_LIST_ELEM);
  put_data(message, NFTA_SET_ELEM_KEY, element.key);
  put_data(message, NFTA_SET_ELEM_KEY_END, element.end);
  put_data(message, NFTA_SET_ELEM_DATA, element.data);
  if (element.milliseconds != 0)
    mnl_attr_put_u64(message, NFTA_SET_ELEM_TIMEOUT, htobe64(element.milliseconds));
  mnl_attr_nest_end(message, nest);
}

}  // namespace

void put_elements(nlmsghdr* message, const char* table, const char* set,
                  const std::vector<Element>& elements) {
  mnl_attr_put_strz(message, NFTA_SET_ELEM_LIST_TABLE, table);
  mnl_attr_put_strz(message, NFTA_SET_ELEM_LIST_SET, set);
  auto* list = mnl_attr_nest_start(message, NFTA_SET_ELEM_LIST_ELEMENTS);
  for (const auto& element : elements) put_in_list(message, element);
  mnl_attr_nest_end(message, list);
}

Error Verdict::error(std::string_view doing) const {
  if (outcome == Outcome::unknown) return Error{fmt::format("{}: the kernel's answer was lost", doing), code};
  return Error{std::string{doing}, code};
}

Transaction::Transaction(std::string table, Elements elements)
    : table_(std::move(table)), elements_(elements) {
  bytes_.reserve(2 * kLongestMessage);
  bytes_.resize(64);
  bytes_.resize(nftnl_batch_begin(bytes_.data(), 0)->nlmsg_len);
}

nlmsghdr* Transaction::begin(std::uint16_t type, std::uint16_t flags, std::size_t room) {
  last_ = bytes_.size();
  list_ = 0;
  bytes_.resize(last_ + room);
  ++count_;
  return nftnl_nlmsg_build_hdr(bytes_.data() + last_, type, NFPROTO_INET, flags, 0);
}

std::size_t Transaction::end(const nlmsghdr* message) {
  bytes_.resize(last_ + MNL_ALIGN(message->nlmsg_len));
  return count_ - 1;
}

std::size_t Transaction::add_table(std::uint32_t flags) {
  auto* message = begin(NFT_MSG_NEWTABLE, NLM_F_CREATE, kLongestMessage);
  mnl_attr_put_strz(message, NFTA_TABLE_NAME, table_.c_str());
  mnl_attr_put_u32(message, NFTA_TABLE_FLAGS, htobe32(flags));
  return end(message);
}

std::size_t Transaction::delete_table() {
  auto* message = begin(NFT_MSG_DELTABLE, 0, kLongestMessage);
  mnl_attr_put_strz(message, NFTA_TABLE_NAME, table_.c_str());
  return end(message);
}

bool Transaction::continues_list(std::uint16_t type, const char* set) const {
  if (elements_ == Elements::one_a_message || list_ == 0 || bytes_.size() - list_ > kFullList) return false;
  const auto* message = reinterpret_cast<const nlmsghdr*>(bytes_.data() + last_);
  return NFNL_MSG_TYPE(message->nlmsg_type) == type && list_set_ == set;
}

std::size_t Transaction::put_element(std::uint16_t type, std::uint16_t flags, const char* set,
                                     const Element& element) {
  nlmsghdr* message = nullptr;
  nlattr* list = nullptr;
  if (continues_list(type, set)) {
    bytes_.resize(bytes_.size() + kLongestElement);
    message = reinterpret_cast<nlmsghdr*>(bytes_.data() + last_);
    list = reinterpret_cast<nlattr*>(bytes_.data() + list_);
  } else {
    message = begin(type, flags, 2 * kLongestElement);
    mnl_attr_put_strz(message, NFTA_SET_ELEM_LIST_TABLE, table_.c_str());
    mnl_attr_put_strz(message, NFTA_SET_ELEM_LIST_SET, set);
    list = mnl_attr_nest_start(message, NFTA_SET_ELEM_LIST_ELEMENTS);
    list_ = static_cast<std::size_t>(reinterpret_cast<char*>(list) - bytes_.data());
    list_set_ = set;
  }
  put_in_list(message, element);
  mnl_attr_nest_end(message, list);
  return end(message);
}

std::size_t Transaction::add_element(const char* set, const Element& element) {
  // EXCL: adding what is there already would be silently ignored and would not extend it.
  return put_element(NFT_MSG_NEWSETELEM, NLM_F_CREATE | NLM_F_EXCL, set, element);
}

std::size_t Transaction::delete_element(const char* set, const Element& element) {
  return put_element(NFT_MSG_DELSETELEM, 0, set, {element.key, element.end});
}

std::size_t Transaction::destroy_element(const char* set, const Element& element) {
  constexpr std::uint16_t kDestroySetElement =
      30;  // NFT_MSG_DESTROYSETELEM, younger than Debian 12's headers
  return put_element(kDestroySetElement, 0, set, {element.key, element.end});
}

std::size_t Transaction::flush_set(const char* set) {
  auto* message = begin(NFT_MSG_DELSETELEM, 0, kLongestMessage);
  mnl_attr_put_strz(message, NFTA_SET_ELEM_LIST_TABLE, table_.c_str());
  mnl_attr_put_strz(message, NFTA_SET_ELEM_LIST_SET, set);
  return end(message);
}

void Transaction::add_content(const Table& content) {
  std::uint32_t set_id = 0;  // the kernel wants one, unique in the batch
  for (const auto& set : content.sets) {
    nftnl_set_set_u32(set.get(), NFTNL_SET_ID, ++set_id);
    auto* message = begin(NFT_MSG_NEWSET, NLM_F_CREATE, kLongestMessage);
    nftnl_set_nlmsg_build_payload(message, set.get());
    end(message);
  }
  for (const auto& chain : content.chains) {
    auto* message = begin(NFT_MSG_NEWCHAIN, NLM_F_CREATE, kLongestMessage);
    nftnl_chain_nlmsg_build_payload(message, chain.get());
    end(message);
  }
  for (const auto& rule : content.rules) {
    auto* message = begin(NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND, kLongestMessage);
    nftnl_rule_nlmsg_build_payload(message, rule.get());
    end(message);
  }
  for (const auto& element : content.elements) add_element(element.set.c_str(), element);
}

// Numbers the messages. Objections always come; one acknowledgement, of the last message, marks the end of
// the answer. One for each message would overflow the queue of a large batch. (Kernels before 6.10 do not
// acknowledge the end.)
void Transaction::close_frame(std::uint32_t first_sequence) {
  auto sequence = first_sequence;
  for (std::size_t at = 0; at < bytes_.size();) {
    auto* header = reinterpret_cast<nlmsghdr*>(bytes_.data() + at);
    header->nlmsg_seq = sequence++;
    if (at == last_) header->nlmsg_flags |= NLM_F_ACK;
    at += MNL_ALIGN(header->nlmsg_len);
  }
  const auto size = bytes_.size();
  bytes_.resize(size + 64);
  bytes_.resize(size + nftnl_batch_end(bytes_.data() + size, sequence)->nlmsg_len);
}

Verdict Transaction::commit(NetfilterSocket& socket) {
  if (empty()) return {};
  const auto count = static_cast<std::uint32_t>(count_);
  const auto first = socket.take_sequence(count + 2);
  close_frame(first);
  // send() is the whole exchange: the kernel works in our context. A failure before that is a refusal.
  if (const auto sent = socket.send(bytes_); !sent)
    return {Verdict::Outcome::refused, {}, sent.error().code()};

  Answers answers{first, first + count};
  alignas(nlmsghdr) std::array<char, 8192> buffer;
  for (;;) {
    const auto size = socket.receive(buffer);
    if (!size) return lost(size.error().code());
    if (*size == 0) return lost(ENODATA);
    if (answers.take(buffer.data(), *size)) return std::move(answers).verdict();
  }
}

}  // namespace sallyport
