// SftpReplies: the target's direction of an SFTP channel: what became of each request. Pure. Runs in:
// sallyport-ssh.
#pragma once

#include "base/bytes.h"
#include "gateway/ssh/files/packet_cutter.h"
#include "gateway/ssh/files/sftp_state.h"

namespace sallyport {

class SftpReplies final : public PacketListener {
 public:
  explicit SftpReplies(SftpState& state) : state_(&state) {}

  std::size_t wanted(std::string_view head) override;
  Done begin(std::string_view head, std::uint32_t length) override;
  void more(std::string_view bytes) override;
  void over() override;

  // What goes on to the rep, with the gate's refusals in their places, where there may be some; else empty.
  std::string take_onward() { return std::exchange(onward_, {}); }

 private:
  Done begin_reply(std::string_view head, std::uint32_t length);
  Done greet(std::string_view head);
  Done on_status(const Waiting& waiting, ByteReader& in);
  Done on_handle(Waiting&& waiting, ByteReader& in);
  Done on_data(const Waiting& waiting, ByteReader& in, std::uint32_t length);
  void on_attributes(const Waiting& waiting, ByteReader& in);
  void on_done(const Waiting& waiting);
  void on_failed(const Waiting& waiting, std::uint32_t code);

  SftpState* state_;
  std::string onward_;
  FileNumber fetched_ = kNoFile;  // whose bytes are coming in
  std::uint32_t to_come_ = 0;     // of them
};

}  // namespace sallyport
