// RequestLog: the record of a session at the HTTPS door: each request in two lines, one before anything of it
// goes to the target and one after its response. An asciicast, so that it is watched and replayed like a
// terminal (docs/HTTPS.md, "The record"). Runs in: sallyport-https.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "gateway/https/http/request_head.h"
#include "gateway/wire/message.h"
#include "gateway/worker/recorder.h"

namespace sallyport {

struct RequestEnd {
  int status = 0;                                // 0: no response came
  std::uint64_t to_target = 0, from_target = 0;  // bytes with their heads
  bool complete = false;
  // Of what went through a WebSocket each way.
  std::string sha256_to_target, sha256_from_target;
};

class RequestLog {
 public:
  // Writes the header. `limit`: bytes; what would go beyond it is an error, and the end of the session (I6).
  static Result<RequestLog> start(UniqueFd file, std::uint64_t limit, const Clock& clock);

  // The number that the request has in the record. Of its address the query is left out: it may hold tokens
  // and passwords.
  Result<std::uint64_t> begin(const http::RequestHead& request);
  Done end(std::uint64_t number, const RequestEnd& end, std::chrono::milliseconds took);
  Done file(std::uint64_t number, const TellFile& file);
  // A session of the target's REST API was made by this request, or ended.
  Done api_session(std::uint64_t number, const TellApiSession& told);
  Done finish() { return recorder_.finish(); }

 private:
  explicit RequestLog(Recorder recorder) : recorder_(std::move(recorder)) {}
  Done line(std::string_view text);
  Recorder recorder_;
  std::uint64_t last_ = 0;
};

}  // namespace sallyport
