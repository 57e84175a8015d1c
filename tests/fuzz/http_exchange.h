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
#include "gateway/https/http/rewrite.h"

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
// A cookie may become two, with a longer name.
inline constexpr HeadLimits kForRewritten{16 * 1024, 64 * 1024, 512 * 1024, 1024};

inline Rewriter rewriter() { return {{"hmc1.example", {"hmc1", "hmc1.example:12443"}}, "t1"}; }

inline std::string_view behind_prefix(std::string_view cookie) {
  for (const std::string_view prefix : {"__Host-", "__Secure-"})
    if (starts_with_name(cookie, prefix)) return cookie.substr(prefix.size());
  return cookie;
}

// A name that only the gate's own cookies bear, or those that it has renamed.
inline bool is_of_gate(std::string_view cookie) {
  cookie = behind_prefix(cookie);
  return starts_with_name(cookie, "sallyport-") || starts_with_name(cookie, "sallyport=");
}

// Where a browser takes it to lead: at this host, or elsewhere (WHATWG URL, section 4.4).
inline bool leads_to_a_host(std::string reference) {
  std::erase(reference, '\t');
  const auto is_slash = [](char c) { return c == '/' || c == '\\'; };
  return reference.size() > 1 && is_slash(reference[0]) && is_slash(reference[1]);
}

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

// As the target sees it: a request still, of the target's own address, without what is not the rep's to say.
inline void check_rewritten(const Heard<RequestHead>& heard) {
  auto head = heard.head;
  if (!rewriter().to_target(head)) return;
  const auto written =
      write_request_head(head, "hmc1.example") + body_text(head.body, heard.data, heard.trailers);
  const auto again = hear_request(written, std::string_view::npos, kForRewritten);
  our_bug(again.fault != 0 || !again.complete || again.used != written.size(),
          "what is rewritten is no request");
  our_bug(again.head.target != heard.head.target || again.data != heard.data,
          "rewriting changes what is asked");
  for (const auto& [name, value] : again.head.fields) {
    our_bug(starts_with_name(name, "X-Forwarded-") || same_name(name, "Forwarded") || same_name(name, "Via"),
            "a claim of the rep's got through");
    our_bug(same_name(name, "Origin") && value != "https://hmc1.example",
            "an origin of the rep's got through");
    if (!same_name(name, "Cookie")) continue;
    for (std::size_t from = 0; from <= value.size();) {
      const auto end = std::min(value.find(';', from), value.size());
      our_bug(is_of_gate(trimmed(std::string_view{value}.substr(from, end - from))),
              "a cookie of the gate's got through");
      from = end + 1;
    }
  }
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
  check_rewritten(heard);
}

// As the rep sees it: a response still, that plants no cookie of the gate's, widens none, and leads nowhere
// that it did not lead before.
inline void check_rewritten(const Heard<ResponseHead>& heard, const RequestHead& request) {
  auto onward = heard.head;
  rewriter().to_rep(onward, "gate.example");
  onward.body = body_for_rep(heard.head, Version::http_1_1);
  const auto written =
      write_response_head(onward, Last::no) + body_text(onward.body, heard.data, heard.trailers);
  const auto parse = [&](std::string_view head) { return parse_response_head(head, request); };
  const auto again = hear<ResponseHead>(written, std::string_view::npos, parse, kForRewritten);
  our_bug(again.fault != 0 || !again.complete || again.used != written.size(),
          "what is rewritten is no response");
  our_bug(again.data != heard.data, "rewriting changes a body");
  for (const auto& [name, value] : again.head.fields) {
    if (same_name(name, "Set-Cookie")) {
      our_bug(is_of_gate(value) && !starts_with_name(behind_prefix(value), "sallyport-t1-"),
              "a cookie of the gate's was planted");
      our_bug(lower_case(value).find("; domain=") != std::string::npos,
              "a cookie for other hosts was planted");
      our_bug(!value.ends_with("; Secure") && !value.ends_with("; HttpOnly"), "a cookie that is not secure");
    }
    if (same_name(name, "Location"))
      our_bug(leads_to_a_host(value) && !leads_to_a_host(*heard.head.fields.find("Location")),
              "a redirect was made to lead elsewhere");
  }
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
  check_rewritten(heard, request);
}

}  // namespace sallyport::http::exchange
