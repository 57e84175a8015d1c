// Pure; runs in: sallyportd, sallyport.
#include "gateway/audit/merkle.h"

#include <algorithm>
#include <bit>

#include "base/check.h"

namespace sallyport {

namespace {

// How many leaves the left half has: the largest power of two smaller than `size`.
std::uint64_t left_half(std::uint64_t size) { return std::bit_floor(size - 1); }

}  // namespace

// The first byte keeps leaves and nodes apart: no node can be shown as a record (RFC 6962 section 2.1).
Digest leaf_hash(const Digest& record, Sha256& hasher) {
  hasher.update(std::string_view{"\0", 1});
  hasher.update(bytes_of(record));
  return hasher.finish();
}

Digest node_hash(const Digest& left, const Digest& right, Sha256& hasher) {
  hasher.update("\1");
  hasher.update(bytes_of(left));
  hasher.update(bytes_of(right));
  return hasher.finish();
}

void Frontier::add(const Digest& leaf, Sha256& hasher, Completed completed, void* context) {
  Digest node = leaf;
  unsigned level = 0;
  if (completed != nullptr) completed(context, level, size_, node);
  for (; (size_ >> level & 1) != 0; ++level) {
    node = node_hash(nodes_.back(), node, hasher);
    nodes_.pop_back();
    if (completed != nullptr) completed(context, level + 1, size_ >> (level + 1), node);
  }
  nodes_.push_back(node);
  ++size_;
}

Digest Frontier::root() const {
  Sha256 hasher;
  if (nodes_.empty()) return hasher.finish();
  Digest root = nodes_.back();
  for (auto i = nodes_.size() - 1; i > 0; --i) root = node_hash(nodes_[i - 1], root, hasher);
  return root;
}

std::optional<Frontier> Frontier::from(std::uint64_t size, std::vector<Digest> nodes) {
  if (nodes.size() != static_cast<std::size_t>(std::popcount(size))) return std::nullopt;
  Frontier frontier;
  frontier.size_ = size;
  frontier.nodes_ = std::move(nodes);
  return frontier;
}

ProofMaker::ProofMaker(std::uint64_t size, std::span<const std::uint64_t> leaves, std::uint64_t older_size)
    : size_(size), older_(older_size) {
  for (const auto leaf : leaves)
    for (const auto& range : path_of(leaf, size)) want(range);
  if (older_ > 0)
    for (const auto& range : path_from(older_, size)) want(range);
}

// A range is a left part, which is complete, and a rest: only complete subtrees are kept.
void ProofMaker::want(const Range& range) {
  auto begin = range.begin;
  for (auto count = range.end - range.begin; count > 0;) {
    const auto complete = std::bit_floor(count);
    const auto level = static_cast<unsigned>(std::countr_zero(complete));
    kept_.try_emplace({level, begin >> level});
    begin += complete;
    count -= complete;
  }
}

// The frontier's nodes are the largest complete subtrees of those leaves; a proof of a later leaf needs no
// others.
void ProofMaker::begin_behind(const Frontier& before) {
  frontier_ = before;
  std::uint64_t begin = 0;
  for (const auto& node : before.nodes()) {
    const auto count = std::bit_floor(before.size() - begin);
    const auto level = static_cast<unsigned>(std::countr_zero(count));
    if (const auto found = kept_.find({level, begin >> level}); found != kept_.end()) found->second = node;
    begin += count;
  }
}

void ProofMaker::add(const Digest& leaf, Sha256& hasher) {
  if (frontier_.size() >= size_) return;
  const auto keep = [](void* context, unsigned level, std::uint64_t index, const Digest& root) {
    auto& kept = static_cast<ProofMaker*>(context)->kept_;
    if (const auto found = kept.find({level, index}); found != kept.end()) found->second = root;
  };
  frontier_.add(leaf, hasher, keep, this);
}

Digest ProofMaker::hash_of(const Range& range, Sha256& hasher) const {
  const auto count = range.end - range.begin;
  if (std::has_single_bit(count)) {
    const auto level = static_cast<unsigned>(std::countr_zero(count));
    const auto found = kept_.find({level, range.begin >> level});
    our_bug(found == kept_.end() || !found->second, "a proof was asked for that nobody prepared");
    return *found->second;
  }
  const auto middle = range.begin + left_half(count);
  return node_hash(hash_of({range.begin, middle}, hasher), hash_of({middle, range.end}, hasher), hasher);
}

// From the leaf upwards: at each level the other half.
std::vector<ProofMaker::Range> ProofMaker::path_of(std::uint64_t leaf, std::uint64_t size) {
  std::vector<Range> path;
  Range range{0, size};
  while (range.end - range.begin > 1) {
    const auto middle = range.begin + left_half(range.end - range.begin);
    const bool is_left = leaf < middle;
    path.push_back(is_left ? Range{middle, range.end} : Range{range.begin, middle});
    range = is_left ? Range{range.begin, middle} : Range{middle, range.end};
  }
  std::reverse(path.begin(), path.end());
  return path;
}

// SUBPROOF of RFC 6962 section 2.1.2.
std::vector<ProofMaker::Range> ProofMaker::path_from(std::uint64_t older, std::uint64_t size) {
  std::vector<Range> path;
  Range range{0, size};
  bool is_older_tree = true;  // the subtree is the older tree itself: who checks knows its root
  while (older != range.end) {
    const auto middle = range.begin + left_half(range.end - range.begin);
    if (older <= middle) {
      path.push_back({middle, range.end});
      range.end = middle;
    } else {
      path.push_back({range.begin, middle});
      range.begin = middle;
      is_older_tree = false;
    }
  }
  if (!is_older_tree) path.push_back(range);
  std::reverse(path.begin(), path.end());
  return path;
}

std::vector<Digest> ProofMaker::inclusion(std::uint64_t leaf, Sha256& hasher) const {
  std::vector<Digest> proof;
  for (const auto& range : path_of(leaf, size_)) proof.push_back(hash_of(range, hasher));
  return proof;
}

std::vector<Digest> ProofMaker::consistency(Sha256& hasher) const {
  std::vector<Digest> proof;
  for (const auto& range : path_from(older_, size_)) proof.push_back(hash_of(range, hasher));
  return proof;
}

// RFC 9162 section 2.1.3.2.
std::optional<Digest> root_of_inclusion(Digest leaf, std::uint64_t index, std::uint64_t size,
                                        std::span<const Digest> proof, Sha256& hasher) {
  if (index >= size) return std::nullopt;
  auto last = size - 1;
  for (const auto& other : proof) {
    if (last == 0) return std::nullopt;
    if ((index & 1) != 0 || index == last) {
      leaf = node_hash(other, leaf, hasher);
      for (; (index & 1) == 0 && index != 0; index >>= 1) last >>= 1;
    } else {
      leaf = node_hash(leaf, other, hasher);
    }
    index >>= 1;
    last >>= 1;
  }
  if (last != 0) return std::nullopt;
  return leaf;
}

// RFC 9162 section 2.1.4.2.
bool is_consistent(std::uint64_t older, const Digest& older_root, std::uint64_t size, const Digest& root,
                   std::span<const Digest> proof, Sha256& hasher) {
  if (older == 0 || older > size) return false;
  if (older == size) return proof.empty() && older_root == root;
  auto index = older - 1, last = size - 1;
  for (; (index & 1) != 0; index >>= 1) last >>= 1;
  // Where the older tree is a complete subtree, its own root is where the climb begins.
  const bool is_complete = std::has_single_bit(older);
  if (!is_complete && proof.empty()) return false;
  Digest old_node = is_complete ? older_root : proof.front();
  Digest new_node = old_node;
  for (const auto& other : proof.subspan(is_complete ? 0 : 1)) {
    if (last == 0) return false;
    if ((index & 1) != 0 || index == last) {
      old_node = node_hash(other, old_node, hasher);
      new_node = node_hash(other, new_node, hasher);
      for (; (index & 1) == 0 && index != 0; index >>= 1) last >>= 1;
    } else {
      new_node = node_hash(new_node, other, hasher);
    }
    index >>= 1;
    last >>= 1;
  }
  return last == 0 && old_node == older_root && new_node == root;
}

}  // namespace sallyport
