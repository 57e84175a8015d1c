// Runs in: sallyport-ssh.
#include "gateway/ssh/files/packet_cutter.h"

#include <algorithm>

#include "base/bytes.h"

namespace sallyport {

Done PacketCutter::feed(std::string_view bytes) {
  while (!bytes.empty()) {
    if (stage_ == Stage::rest) {
      const auto piece = bytes.substr(0, left_);
      bytes.remove_prefix(piece.size());
      left_ -= piece.size();
      listener_->more(piece);
      if (left_ > 0) return {};
      listener_->over();
      stage_ = Stage::length;
    } else if (collect(bytes)) {
      RETURN_IF_ERROR(stage_ == Stage::length ? on_length() : on_head());
    }
  }
  return {};
}

// True when all that is wanted is there.
bool PacketCutter::collect(std::string_view& bytes) {
  const auto taken = bytes.substr(0, wanted_ - head_.size());
  head_.append(taken);
  bytes.remove_prefix(taken.size());
  return head_.size() == wanted_;
}

Done PacketCutter::on_length() {
  length_ = ByteReader{head_}.u32();
  if (length_ == 0 || length_ > kLongest) return fail("a packet of {} bytes", length_);
  head_.clear();
  wanted_ = 1;
  stage_ = Stage::head;
  return {};
}

Done PacketCutter::on_head() {
  const auto more = std::min<std::size_t>(listener_->wanted(head_), length_);
  if (more > wanted_) {
    wanted_ = more;
    return {};
  }
  RETURN_IF_ERROR(listener_->begin(head_, length_));
  left_ = length_ - head_.size();
  stage_ = left_ > 0 ? Stage::rest : Stage::length;
  if (left_ == 0) listener_->over();
  head_.clear();
  wanted_ = 4;
  return {};
}

std::string packet_length(std::uint32_t length) {
  ByteWriter writer;
  writer.u32(length);
  return std::move(writer).take();
}

}  // namespace sallyport
