// The tree of RFC 6962: its published test vectors, and every proof of every small tree. Runs in: tests.
#include "gateway/audit/merkle.h"

#include "base/encoding.h"
#include "tests/catch.h"

using namespace sallyport;

namespace {

Digest record(std::uint64_t n) {
  Sha256 hasher;
  hasher.update(std::to_string(n));
  return hasher.finish();
}

// RFC 6962 section 2.1 as it is written there.
Digest root_by_definition(std::uint64_t begin, std::uint64_t end, Sha256& hasher) {
  if (end - begin == 1) return leaf_hash(record(begin), hasher);
  std::uint64_t half = 1;
  while (half * 2 < end - begin) half *= 2;
  const auto left = root_by_definition(begin, begin + half, hasher);
  return node_hash(left, root_by_definition(begin + half, end, hasher), hasher);
}

}  // namespace

TEST_CASE("the hashes of no leaf and of two nodes are those that certificate transparency publishes") {
  Sha256 hasher;
  CHECK(to_hex(bytes_of(Frontier{}.root())) ==
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  const auto empty = Frontier{}.root();
  CHECK(to_hex(bytes_of(node_hash(empty, empty, hasher))) ==
        Sha256::hex_of(std::string{"\1"} + std::string{bytes_of(empty)} + std::string{bytes_of(empty)}));
}

TEST_CASE("the frontier's root is the definition's, and goes on from its nodes") {
  Sha256 hasher;
  Frontier frontier;
  for (std::uint64_t n = 1; n <= 70; ++n) {
    frontier.add(leaf_hash(record(n - 1), hasher), hasher);
    REQUIRE(frontier.root() == root_by_definition(0, n, hasher));
    const auto again = Frontier::from(n, frontier.nodes());
    REQUIRE(again);
    frontier = *again;
  }
  CHECK_FALSE(Frontier::from(7, {}));
}

TEST_CASE("each record of each tree has a proof, and no proof serves another record, tree or length") {
  Sha256 hasher;
  for (std::uint64_t size = 1; size <= 34; ++size) {
    const auto root = root_by_definition(0, size, hasher);
    for (std::uint64_t leaf = 0; leaf < size; ++leaf) {
      ProofMaker maker{size, {{leaf}}};
      for (std::uint64_t n = 0; n < size + 3; ++n) maker.add(leaf_hash(record(n), hasher), hasher);
      REQUIRE(maker.root() == root);
      auto proof = maker.inclusion(leaf, hasher);
      const auto own = leaf_hash(record(leaf), hasher);
      REQUIRE(root_of_inclusion(own, leaf, size, proof, hasher) == root);
      REQUIRE(root_of_inclusion(leaf_hash(record(leaf + 1), hasher), leaf, size, proof, hasher) != root);
      if (leaf + 1 < size) REQUIRE(root_of_inclusion(own, leaf + 1, size, proof, hasher) != root);
      REQUIRE_FALSE(root_of_inclusion(own, size, size, proof, hasher));
      proof.push_back(own);
      REQUIRE(root_of_inclusion(own, leaf, size, proof, hasher) != root);
    }
  }
}

TEST_CASE("each tree is shown to continue each smaller one, and no other") {
  Sha256 hasher;
  for (std::uint64_t size = 1; size <= 34; ++size)
    for (std::uint64_t older = 1; older <= size; ++older) {
      ProofMaker maker{size, {}, older};
      for (std::uint64_t n = 0; n < size; ++n) maker.add(leaf_hash(record(n), hasher), hasher);
      auto proof = maker.consistency(hasher);
      const auto root = root_by_definition(0, size, hasher);
      const auto older_root = root_by_definition(0, older, hasher);
      REQUIRE(is_consistent(older, older_root, size, root, proof, hasher));
      if (older != size) REQUIRE_FALSE(is_consistent(older, root, size, older_root, proof, hasher));
      REQUIRE_FALSE(is_consistent(older, leaf_hash(record(99), hasher), size, root, proof, hasher));
      for (auto& node : proof) {
        node[0] ^= 1;
        REQUIRE_FALSE(is_consistent(older, older_root, size, root, proof, hasher));
        node[0] ^= 1;
      }
      proof.push_back(root);
      REQUIRE_FALSE(is_consistent(older, older_root, size, root, proof, hasher));
    }
}
