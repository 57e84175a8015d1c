// MultipartReader: the parts of a multipart/form-data body (RFC 7578; RFC 2046, section 5.1), in any
// fragmentation and with bounded memory. It reads along and changes nothing, so what it does not understand
// to the letter it gives up: whoever relies on it must then take the body as one. Bytes around the parts
// count as not understood, because they would belong to none. Pure; runs in: sallyport-https.
#pragma once

#include <string>
#include <string_view>

#include "gateway/https/http/fields.h"

namespace sallyport::http {

class PartSink {
 public:
  virtual ~PartSink() = default;
  virtual void begin_part(const Fields& fields) = 0;
  virtual void part_data(std::string_view data) = 0;
  virtual void end_part() = 0;
};

class MultipartReader {
 public:
  // `boundary`: as Content-Type names it.
  explicit MultipartReader(std::string_view boundary);

  void take(std::string_view input, PartSink& sink);
  // The closing delimiter has come, and nothing behind it but a line's end.
  bool done() const noexcept { return state_ == State::closed; }
  bool lost() const noexcept { return state_ == State::lost; }

 private:
  enum class State { before_first, delimiter, head, data_start, data, closed, lost };
  bool step(PartSink& sink);
  bool find_first();
  bool end_delimiter();
  bool read_head(PartSink& sink);
  bool check_data_start();
  bool pass_data(PartSink& sink);
  bool check_rest();
  bool lose();

  std::string delimiter_;  // with the CRLF before it, which is no part's
  std::string kept_;       // not understood yet
  State state_ = State::before_first;
};

}  // namespace sallyport::http
