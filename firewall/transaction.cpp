// Runs in: sallyportd (privileged). Reads the kernel's answers only.
#include "firewall/transaction.h"

#include <endian.h>
#include <libnftnl/common.h>
#include <linux/netlink.h>

#include <array>
#include <cstring>

namespace sallyport {

namespace {

// No message of ours is longer: a rule takes some 700 bytes, an element 120.
constexpr std::size_t kLongestMessage = 4096;

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
  auto* nest = mnl_attr_nest_start(message, attribute);
  mnl_attr_put(message, NFTA_DATA_VALUE, key.bytes().size(), key.bytes().data());
  mnl_attr_nest_end(message, nest);
}

}  // namespace

Error Verdict::error(std::string_view doing) const {
  if (outcome == Outcome::unknown) return Error{fmt::format("{}: the kernel's answer was lost", doing), code};
  return Error{std::string{doing}, code};
}

template <class Fill>
std::size_t Transaction::append(std::uint16_t type, std::uint16_t flags, const Fill& fill) {
  const auto start = bytes_.size();
  bytes_.resize(start + kLongestMessage);
  auto* header = nftnl_nlmsg_build_hdr(bytes_.data() + start, type, NFPROTO_INET, flags, 0);
  fill(header);
  const std::size_t size = MNL_ALIGN(header->nlmsg_len);
  bytes_.resize(start + size);
  sizes_.push_back(size);
  return sizes_.size() - 1;
}

std::size_t Transaction::add_table(std::uint32_t flags) {
  return append(NFT_MSG_NEWTABLE, NLM_F_CREATE, [&](nlmsghdr* message) {
    mnl_attr_put_strz(message, NFTA_TABLE_NAME, table_.c_str());
    mnl_attr_put_u32(message, NFTA_TABLE_FLAGS, htobe32(flags));
  });
}

std::size_t Transaction::delete_table() {
  return append(NFT_MSG_DELTABLE, 0,
                [&](nlmsghdr* message) { mnl_attr_put_strz(message, NFTA_TABLE_NAME, table_.c_str()); });
}

std::size_t Transaction::append_element(std::uint16_t type, std::uint16_t flags, const char* set,
                                        const SetKey& key, const SetKey& end, std::uint64_t milliseconds) {
  return append(type, flags, [&](nlmsghdr* message) {
    mnl_attr_put_strz(message, NFTA_SET_ELEM_LIST_TABLE, table_.c_str());
    mnl_attr_put_strz(message, NFTA_SET_ELEM_LIST_SET, set);
    auto* list = mnl_attr_nest_start(message, NFTA_SET_ELEM_LIST_ELEMENTS);
    auto* element = mnl_attr_nest_start(message, NFTA_LIST_ELEM);
    put_data(message, NFTA_SET_ELEM_KEY, key);
    if (!end.empty()) put_data(message, NFTA_SET_ELEM_KEY_END, end);
    if (milliseconds != 0) mnl_attr_put_u64(message, NFTA_SET_ELEM_TIMEOUT, htobe64(milliseconds));
    mnl_attr_nest_end(message, element);
    mnl_attr_nest_end(message, list);
  });
}

std::size_t Transaction::add_element(const char* set, const SetKey& key, const SetKey& end,
                                     std::uint64_t milliseconds) {
  // EXCL: adding what is there already would be silently ignored and would not extend it.
  return append_element(NFT_MSG_NEWSETELEM, NLM_F_CREATE | NLM_F_EXCL, set, key, end, milliseconds);
}

std::size_t Transaction::delete_element(const char* set, const SetKey& key, const SetKey& end) {
  return append_element(NFT_MSG_DELSETELEM, 0, set, key, end, 0);
}

std::size_t Transaction::flush_set(const char* set) {
  return append(NFT_MSG_DELSETELEM, 0, [&](nlmsghdr* message) {
    mnl_attr_put_strz(message, NFTA_SET_ELEM_LIST_TABLE, table_.c_str());
    mnl_attr_put_strz(message, NFTA_SET_ELEM_LIST_SET, set);
  });
}

void Transaction::add_content(const Table& content) {
  std::uint32_t set_id = 0;  // the kernel wants one, unique in the batch
  for (const auto& set : content.sets) {
    nftnl_set_set_u32(set.get(), NFTNL_SET_ID, ++set_id);
    append(NFT_MSG_NEWSET, NLM_F_CREATE,
           [&](nlmsghdr* message) { nftnl_set_nlmsg_build_payload(message, set.get()); });
  }
  for (const auto& chain : content.chains)
    append(NFT_MSG_NEWCHAIN, NLM_F_CREATE,
           [&](nlmsghdr* message) { nftnl_chain_nlmsg_build_payload(message, chain.get()); });
  for (const auto& rule : content.rules)
    append(NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND,
           [&](nlmsghdr* message) { nftnl_rule_nlmsg_build_payload(message, rule.get()); });
  for (const auto& element : content.elements)
    add_element(element.set.c_str(), element.key, element.end, element.milliseconds_left);
}

std::vector<char> Transaction::framed(std::uint32_t first_sequence) {
  std::array<char, 64> frame{};
  const auto* begin = nftnl_batch_begin(frame.data(), first_sequence);
  const std::size_t begin_size = begin->nlmsg_len;
  std::vector<char> batch(begin_size + bytes_.size());
  std::memcpy(batch.data(), frame.data(), begin_size);
  std::memcpy(batch.data() + begin_size, bytes_.data(), bytes_.size());

  std::size_t at = begin_size;
  for (std::size_t i = 0; i < sizes_.size(); at += sizes_[i++]) {
    auto* header = reinterpret_cast<nlmsghdr*>(batch.data() + at);
    header->nlmsg_seq = first_sequence + 1 + static_cast<std::uint32_t>(i);
    // Objections always come; one acknowledgement, of the last message, marks the end of the answer. One for
    // each message would overflow the queue of a large batch. (Kernels before 6.10 do not acknowledge the
    // end.)
    if (i + 1 == sizes_.size()) header->nlmsg_flags |= NLM_F_ACK;
  }
  const auto* end =
      nftnl_batch_end(frame.data(), first_sequence + 1 + static_cast<std::uint32_t>(sizes_.size()));
  batch.insert(batch.end(), frame.data(), frame.data() + end->nlmsg_len);
  return batch;
}

Verdict Transaction::commit(NetfilterSocket& socket) {
  if (empty()) return {};
  const auto count = static_cast<std::uint32_t>(sizes_.size());
  const auto first = socket.take_sequence(count + 2);
  // send() is the whole exchange: the kernel works in our context. A failure before that is a refusal.
  if (const auto sent = socket.send(framed(first)); !sent)
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
