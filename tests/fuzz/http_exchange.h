// What a reader makes of bytes as HTTP messages, and what holds for any bytes: for the fuzzers and their
// seeds. Runs in: test programs.
#pragma once

#include <string>
#include <string_view>

#include "base/check.h"
#include "gateway/https/http/body_reader.h"
#include "gateway/https/http/head_finder.h"
#include "gateway/https/http/request_head.h"
#include "gateway/https/http/response_head.h"

namespace sallyport::http::exchange {

// One message: what it says, or the fault that was found in its head or its body.
template <class Head>
struct Heard {
  Head head;
  int fault = 0;
  bool complete = false;
  std::size_t used = 0;
  std::string data;
  Fields trailers;
  bool operator==(const Heard&) const = default;
};

template <class Head>
void hear_body(Heard<Head>& heard, std::string_view bytes, std::size_t piece) {
  BodyReader reader{heard.head.body};
  while (!reader.done() && heard.used < bytes.size()) {
    const auto step = reader.take(bytes.substr(heard.used, piece));
    if (!step) {
      heard.fault = step.error().status;
      heard.data.clear();  // how much of it came out before depends on how the bytes are cut
      heard.used = 0;
      return;
    }
    our_bug(step->used == 0, "a reader that stands still");
    heard.used += step->used;
    heard.data += step->data;
  }
  heard.complete = reader.done() || reader.ends_with_connection();
  heard.trailers = reader.trailers();
}

// What is written has a line or two more than what was read: that is within a reader's own limits.
inline constexpr HeadLimits kForWritten{16 * 1024, 32 * 1024, 128 * 1024, 256};

// `parse_head` reads a whole head; `piece`: bytes at a time.
template <class Head, class ParseHead>
Heard<Head> hear(std::string_view bytes, std::size_t piece, ParseHead parse_head,
                 const HeadLimits& limits = {}) {
  Heard<Head> heard;
  HeadFinder finder{limits};
  std::optional<std::size_t> end;
  for (std::size_t size = std::min(piece, bytes.size());;) {
    const auto found = finder.find(bytes.substr(0, size));
    if (!found) return heard.fault = found.error().status, heard;
    if ((end = *found)) break;
    if (size == bytes.size()) return heard;
    size = bytes.size() - size < piece ? bytes.size() : size + piece;
  }
  auto head = parse_head(bytes.substr(0, *end));
  if (!head) return heard.fault = head.error().status, heard;
  heard.head = *std::move(head);
  heard.used = *end;
  hear_body(heard, bytes, piece);
  return heard;
}

inline std::string body_text(const BodySize& size, const std::string& data, const Fields& trailers) {
  if (size.kind != BodySize::Kind::chunked) return data;
  std::string text;
  if (!data.empty()) text = chunk_head(data.size()) + data + std::string{kChunkEnd};
  return text + last_chunk(trailers);
}

inline Heard<RequestHead> hear_request(std::string_view bytes, std::size_t piece,
                                       const HeadLimits& limits = {}) {
  return hear<RequestHead>(bytes, piece, parse_request_head, limits);
}

// What a request says does not depend on how it is cut; written anew it says the same, uses all its bytes,
// and a second gate would write it in the same way.
inline void check_request(std::string_view bytes) {
  const auto heard = hear_request(bytes, std::string_view::npos);
  our_bug(heard != hear_request(bytes, 1), "a request depends on how it is cut");
  our_bug(heard != hear_request(bytes, 7), "a request depends on how it is cut");
  if (heard.fault != 0 || !heard.complete) return;
  const auto written =
      write_request_head(heard.head, "hmc1.example") + body_text(heard.head.body, heard.data, heard.trailers);
  const auto again = hear_request(written, std::string_view::npos, kForWritten);
  our_bug(again.fault != 0 || !again.complete || again.used != written.size(),
          "what is written is no request");
  our_bug(again.head.method != heard.head.method || again.head.target != heard.head.target ||
              again.head.fields != heard.head.fields || again.head.body != heard.head.body ||
              again.data != heard.data || again.trailers != heard.trailers ||
              again.head.wants_websocket != heard.head.wants_websocket,
          "what is written says something else");
  our_bug(again.head.authority != "hmc1.example", "a Host of the rep's got through");
}

// The first byte of `bytes`: bit 0: the request was HEAD, bit 1: it asked for a WebSocket.
inline void check_response(std::string_view bytes) {
  if (bytes.empty()) return;
  RequestHead request;
  request.method = (bytes.front() & 1) != 0 ? "HEAD" : "GET";
  request.wants_websocket = (bytes.front() & 2) != 0;
  request.fields.add("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
  bytes.remove_prefix(1);
  const auto parse = [&](std::string_view head) { return parse_response_head(head, request); };
  const auto heard = hear<ResponseHead>(bytes, std::string_view::npos, parse);
  our_bug(heard != hear<ResponseHead>(bytes, 1, parse), "a response depends on how it is cut");
  our_bug(heard != hear<ResponseHead>(bytes, 7, parse), "a response depends on how it is cut");
  if (heard.fault != 0 || !heard.complete) return;
  auto onward = heard.head;
  onward.body = body_for_rep(onward, Version::http_1_1);
  const auto written =
      write_response_head(onward, Last::no) + body_text(onward.body, heard.data, heard.trailers);
  const auto again = hear<ResponseHead>(written, std::string_view::npos, parse, kForWritten);
  our_bug(again.fault != 0 || !again.complete || again.used != written.size(),
          "what is written is no response");
  our_bug(again.head.status != heard.head.status || again.head.fields != heard.head.fields ||
              again.data != heard.data || again.trailers != heard.trailers,
          "what is written says something else");
}

}  // namespace sallyport::http::exchange
