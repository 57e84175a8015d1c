// Responses: where they end, and what is written anew. Runs in: unit tests.
#include "gateway/https/http/response_head.h"

#include "gateway/https/http/head_finder.h"
#include "tests/catch.h"

using namespace sallyport::http;
using Kind = BodySize::Kind;

namespace {

RequestHead request(const std::string& method = "GET") {
  RequestHead head;
  head.method = method;
  head.target = "/";
  return head;
}

RequestHead websocket() {
  auto head = request();
  head.wants_websocket = true;
  head.fields.add("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
  return head;
}

Parsed<ResponseHead> parse(const std::string& text, const RequestHead& to = request()) {
  const auto end = HeadFinder{}.find(text);
  if (!end) return tl::unexpected{Fault{502, end.error().why}};
  REQUIRE(*end);
  return parse_response_head(std::string_view{text}.substr(0, **end), to);
}

int status_of(const std::string& text, const RequestHead& to = request()) {
  const auto head = parse(text, to);
  return head ? head->status : -head.error().status;
}

BodySize size_of(const std::string& lines, const std::string& method = "GET",
                 const std::string& first = "HTTP/1.1 200 OK") {
  return parse(first + "\r\n" + lines + "\r\n", request(method))->body;
}

}  // namespace

TEST_CASE("a target's response that could end in two places is a bad gateway") {
  for (const auto* bad : {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n",
                          "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
                          "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
                          "HTTP/1.1 200 OK\r\nTransfer-Encoding : chunked\r\n\r\n",
                          "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
                          "HTTP/1.1 200 OK\r\nContent-Length: 5,5\r\n\r\n",
                          "HTTP/1.1 200 OK\nContent-Length: 5\r\n\r\n",
                          "HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n",
                          "HTTP/1.1 200 OK\r\n A: b\r\n\r\n",
                          "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
                          "HTTP/1.1 2000 OK\r\n\r\n",
                          "HTTP/1.1 20 OK\r\n\r\n",
                          "HTTP/1.1 099 OK\r\n\r\n",
                          "HTTP/1.1 600 OK\r\n\r\n",
                          "HTTP/1.1 -20 OK\r\n\r\n",
                          "HTTP/1.1  200 OK\r\n\r\n",
                          "HTTP/2 200 OK\r\n\r\n",
                          "HTTP/1.2 200 OK\r\n\r\n",
                          "ICY 200 OK\r\n\r\n",
                          "200 OK\r\n\r\n",
                          "HTTP/1.1 200\tOK\r\n\r\n",
                          "HTTP/1.1 200 OK\r\nLocation: /a\r\nLocation: /b\r\n\r\n",
                          "HTTP/1.1 200 OK\r\nConnection: content-length\r\n\r\n",
                          "HTTP/1.1 200 OK\r\nConnection: set-cookie\r\n\r\n",
                          "HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\n\r\n"}) {
    INFO(bad);
    CHECK(status_of(bad) == -502);
  }
}

TEST_CASE("where a response ends") {
  CHECK(size_of("Content-Length: 5\r\n") == BodySize{Kind::length, 5});
  CHECK(size_of("Transfer-Encoding: chunked\r\n") == BodySize{Kind::chunked, 0});
  CHECK(size_of("") == BodySize{Kind::until_close, 0});
  CHECK(size_of("Content-Length: 5\r\n", "HEAD") == BodySize{});
  CHECK(size_of("Transfer-Encoding: chunked\r\n", "HEAD") == BodySize{});
  for (const auto* first : {"HTTP/1.1 204 No Content", "HTTP/1.1 304 Not Modified", "HTTP/1.1 100 Continue",
                            "HTTP/1.1 103 Early"})
    CHECK(size_of("Content-Length: 5\r\n", "GET", first) == BodySize{});
}

TEST_CASE("whether the target's connection can be used again") {
  CHECK(parse("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")->keep_alive);
  CHECK(parse("HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n")->keep_alive);
  CHECK_FALSE(parse("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: Close\r\n\r\n")->keep_alive);
  CHECK_FALSE(parse("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n")->keep_alive);
  CHECK_FALSE(parse("HTTP/1.1 200 OK\r\n\r\n")->keep_alive);
}

TEST_CASE("a response is written anew, with its end-to-end headers only") {
  auto head = *parse(
      "HTTP/1.1 200 Fine\r\nServer: x\r\nConnection: close, X-Hop\r\nX-Hop: 1\r\nKeep-Alive: 5\r\nTrailer: "
      "X\r\n"
      "Transfer-Encoding: chunked\r\nSet-Cookie: a=b\r\nSet-Cookie: c=d\r\n\r\n");
  CHECK(write_response_head(head, Last::no) ==
        "HTTP/1.1 200 Fine\r\nServer: x\r\nSet-Cookie: a=b\r\nSet-Cookie: c=d\r\nTransfer-Encoding: "
        "chunked\r\n\r\n");
  head.body = body_for_rep(head, Version::http_1_0);
  CHECK(write_response_head(head, Last::yes) ==
        "HTTP/1.1 200 Fine\r\nServer: x\r\nSet-Cookie: a=b\r\nSet-Cookie: c=d\r\nConnection: close\r\n\r\n");
}

TEST_CASE("the length that an answer to HEAD tells is passed on") {
  const auto head = *parse("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", request("HEAD"));
  CHECK(write_response_head(head, Last::no) == "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
  CHECK(write_response_head(*parse("HTTP/1.1 204 None\r\nContent-Length: 0\r\n\r\n"), Last::no) ==
        "HTTP/1.1 204 None\r\n\r\n");
}

TEST_CASE("an upgrade is believed only when it was asked for, to a WebSocket, with the right key") {
  const std::string first = "HTTP/1.1 101 Switching Protocols\r\n",
                    upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\n",
                    accept = "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";
  CHECK(status_of(first + upgrade + accept + "\r\n", websocket()) == 101);
  CHECK(status_of(first + upgrade + accept + "\r\n") == -502);
  CHECK(status_of(first + upgrade + "\r\n", websocket()) == -502);
  CHECK(status_of(first + upgrade + "Sec-WebSocket-Accept: x\r\n\r\n", websocket()) == -502);
  CHECK(status_of(first + "Connection: Upgrade\r\nUpgrade: h2c\r\n" + accept + "\r\n", websocket()) == -502);
  CHECK(write_response_head(*parse(first + upgrade + accept + "\r\n", websocket()), Last::no) ==
        first + accept + upgrade + "\r\n");
}
