// The Merkle tree over a journal's records (RFC 6962 section 2.1): what a signed head stands for, and what
// proofs are made of. Leaf n is the hash of record n+1, its 32 bytes. Pure; runs in: sallyportd, sallyport.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "base/sha256.h"

namespace sallyport {

Digest leaf_hash(const Digest& record, Sha256& hasher);
Digest node_hash(const Digest& left, const Digest& right, Sha256& hasher);

// The roots of the complete subtrees that make up the tree so far, largest first: at most 64 hashes, however
// many records there are. All that is needed to go on with it.
class Frontier {
 public:
  // Called with each complete subtree's root: leaves [index << level, (index + 1) << level).
  using Completed = void (*)(void* context, unsigned level, std::uint64_t index, const Digest& root);

  void add(const Digest& leaf, Sha256& hasher, Completed completed = nullptr, void* context = nullptr);
  std::uint64_t size() const noexcept { return size_; }
  Digest root() const;  // of no leaves: the hash of nothing
  const std::vector<Digest>& nodes() const noexcept { return nodes_; }
  // Nothing when so many nodes cannot be the frontier of a tree of this size.
  static std::optional<Frontier> from(std::uint64_t size, std::vector<Digest> nodes);
  bool operator==(const Frontier&) const = default;

 private:
  std::uint64_t size_ = 0;
  std::vector<Digest> nodes_;
};

// Hands out proofs in a tree of a known size, having seen every leaf once, in order, and kept only the hashes
// that the proofs need.
class ProofMaker {
 public:
  ProofMaker(std::uint64_t size, std::span<const std::uint64_t> leaves, std::uint64_t older_size = 0);
  // In place of the leaves before: of these no proof can be asked for, and of no older tree within them.
  void begin_behind(const Frontier& before);
  void add(const Digest& leaf, Sha256& hasher);
  std::uint64_t size() const noexcept { return size_; }
  Digest root() const { return frontier_.root(); }
  // RFC 6962 section 2.1.1 and 2.1.2; only of what the constructor was told.
  std::vector<Digest> inclusion(std::uint64_t leaf, Sha256& hasher) const;
  std::vector<Digest> consistency(Sha256& hasher) const;

 private:
  struct Range {
    std::uint64_t begin, end;
  };
  static std::vector<Range> path_of(std::uint64_t leaf, std::uint64_t size);
  static std::vector<Range> path_from(std::uint64_t older, std::uint64_t size);
  void want(const Range& range);
  Digest hash_of(const Range& range, Sha256& hasher) const;

  std::uint64_t size_, older_;
  Frontier frontier_;
  std::map<std::pair<unsigned, std::uint64_t>, std::optional<Digest>> kept_;  // (level, index) → root
};

// The root that an inclusion proof leads to; nothing when the proof has not the length that it must have.
std::optional<Digest> root_of_inclusion(Digest leaf, std::uint64_t index, std::uint64_t size,
                                        std::span<const Digest> proof, Sha256& hasher);
// Whether the tree of `size` leaves with root `root` begins with the one of `older` leaves and `older_root`.
bool is_consistent(std::uint64_t older, const Digest& older_root, std::uint64_t size, const Digest& root,
                   std::span<const Digest> proof, Sha256& hasher);

}  // namespace sallyport
