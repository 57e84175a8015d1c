// SftpRequests: the rep's direction of an SFTP channel: what is asked for, and whether it may be. Pure. Runs
// in: sallyport-ssh.
#pragma once

#include "base/bytes.h"
#include "gateway/ssh/files/packet_cutter.h"
#include "gateway/ssh/files/sftp_state.h"

namespace sallyport {

class SftpRequests final : public PacketListener {
 public:
  explicit SftpRequests(SftpState& state) : state_(&state) {}

  std::size_t wanted(std::string_view head) override;
  Done begin(std::string_view head, std::uint32_t length) override;
  void more(std::string_view bytes) override;
  void over() override;

  // What may go on to the target, where something may be refused; else empty.
  std::string take_onward() { return std::exchange(onward_, {}); }

 private:
  // What a request is, for the rules and for the record.
  struct Request {
    std::uint32_t id = 0;
    Waiting waiting;
    bool sends = false;    // puts bytes of a file into the target, or changes something there
    bool fetches = false;  // takes bytes of a file from it
    bool known = true;     // to this follower
    std::string name{};    // for the record of a refusal
  };
  Result<Request> read_request(std::string_view head, std::uint32_t length);
  Result<Request> read_write(std::string_view head);
  void read_path_request(std::uint8_t type, ByteReader& in, Request& request);
  void read_handle_request(std::uint8_t type, ByteReader& in, Request& request);
  void read_open(ByteReader& in, Request& request);
  void read_extended(ByteReader& in, Request& request);
  FileNumber read_file(ByteReader& in);
  // Why it may not go on; empty when it may.
  std::string objection(const Request& request) const;
  Done refuse(const Request& request, const std::string& sentence);
  Done pass(Request&& request, std::string_view head, std::uint32_t length);
  Done begin_session(std::string_view head, std::uint32_t length);

  SftpState* state_;
  std::string onward_;
  bool greeted_ = false;
  bool passes_ = false;           // the packet that is coming in
  FileNumber written_ = kNoFile;  // whose bytes are coming in
  std::uint32_t to_come_ = 0;     // of them
};

}  // namespace sallyport
