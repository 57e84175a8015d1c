// Chain: which record may follow which, and the tree over all of them. Runs in: sallyportd, sallyport.
#pragma once

#include "gateway/audit/journal.h"
#include "gateway/audit/line_scan.h"
#include "gateway/audit/merkle.h"

namespace sallyport {

class Chain {
 public:
  explicit Chain(Position from = {}, Frontier tree = {}) : head_(std::move(from)), tree_(std::move(tree)) {}
  Chain(const Chain& other) : Chain(other.head_, other.tree_) { treeless_ = other.treeless_; }
  Chain& operator=(const Chain& other) {
    head_ = other.head_;
    tree_ = other.tree_;
    treeless_ = other.treeless_;
    return *this;
  }

  // `line` as a record of its own, whatever came before it; else why it is none.
  Result<RecordView> sound(std::string_view line);
  // Why a sound record is not the next one of this chain; nothing when it is.
  Done follows(const RecordView& record) const;
  // The chain stands behind `record` now, which was sound and followed.
  void advance(const RecordView& record);
  // All three, and the record taken apart.
  Result<Record> take(std::string_view line);

  const Position& head() const noexcept { return head_; }
  // Of every record up to the head, if the chain began at the first one or was given the tree before it.
  const Frontier& tree() const noexcept { return tree_; }
  bool knows_tree() const noexcept { return !treeless_ && tree_.size() == head_.seq; }
  void leave_out_tree() noexcept { treeless_ = true; }

 private:
  Position head_;
  Frontier tree_;
  bool treeless_ = false;
  Sha256 hasher_;
};

}  // namespace sallyport
