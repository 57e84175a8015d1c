// Runs in: sallyport-ssh.
#include "gateway/ssh/files/ordered_hash.h"

namespace sallyport {

void OrderedHash::begin(std::uint64_t offset, std::uint64_t length) {
  piece_ = Piece::none;
  if (lost_) return;
  if (offset == next_) {
    piece_ = Piece::next;
    return;
  }
  const bool near = offset > next_ && offset - next_ <= kWindow && length <= kWindow;
  if (!near || held_->bytes + length > HeldBack::kMost || ahead_.contains(offset))
    return give_up(next_ == 0 && offset > 0 ? FileHash::not_from_start : FileHash::not_in_order);
  piece_ = Piece::ahead;
  into_ = &ahead_[offset];
}

void OrderedHash::add(std::string_view bytes) {
  if (bytes.empty()) return;
  switch (piece_) {
    case Piece::none:
      return;
    case Piece::next:
      sum().update(bytes);
      next_ += bytes.size();
      return;
    case Piece::ahead:
      if (held_->bytes + bytes.size() > HeldBack::kMost) return give_up(FileHash::not_in_order);
      into_->append(bytes);
      held_->bytes += bytes.size();
      return;
  }
}

void OrderedHash::end() {
  if (piece_ == Piece::next) absorb();
  piece_ = Piece::none;
}

// What came early and is next now.
void OrderedHash::absorb() {
  while (!ahead_.empty() && ahead_.begin()->first <= next_) {
    const auto first = ahead_.begin();
    if (first->first < next_) return give_up(FileHash::not_in_order);  // a piece twice
    sum().update(first->second);
    next_ += first->second.size();
    held_->bytes -= first->second.size();
    ahead_.erase(first);
  }
}

void OrderedHash::give_up(FileHash why) {
  if (!lost_) lost_ = why;
  piece_ = Piece::none;
  let_go();
  sum_.reset();
}

void OrderedHash::let_go() {
  for (const auto& [offset, bytes] : ahead_) held_->bytes -= bytes.size();
  ahead_.clear();
}

Sha256& OrderedHash::sum() {
  if (!sum_) sum_.emplace();
  return *sum_;
}

FileHash OrderedHash::state() const noexcept {
  if (lost_) return *lost_;
  if (ahead_.empty()) return FileHash::known;
  return next_ == 0 ? FileHash::not_from_start : FileHash::not_in_order;
}

std::string OrderedHash::hex() const {
  if (state() != FileHash::known) return {};
  return sum_ ? sum_->hex() : Sha256::hex_of("");
}

}  // namespace sallyport
