// Requests: what is refused, and what is written anew. Runs in: unit tests.
#include "gateway/https/http/request_head.h"

#include "gateway/https/http/head_finder.h"
#include "tests/catch.h"

using namespace sallyport::http;

namespace {

struct Outcome {
  int status = 0;  // 0: accepted
  RequestHead head;
};

Outcome parse(const std::string& text) {
  const auto end = HeadFinder{}.find(text);
  if (!end) return {end.error().status, {}};
  REQUIRE(*end);
  auto head = parse_request_head(std::string_view{text}.substr(0, **end));
  if (!head) return {head.error().status, {}};
  return {0, *std::move(head)};
}

// With these lines after the first and a good Host.
Outcome with(const std::string& lines, const std::string& first = "POST /a HTTP/1.1") {
  return parse(first + "\r\nHost: gate.example\r\n" + lines + "\r\n");
}

std::string target_of(const std::string& written) {
  const auto outcome = with("", "GET " + written + " HTTP/1.1");
  return outcome.status == 0 ? outcome.head.target : std::to_string(outcome.status);
}

struct Case {
  const char* what;
  std::string text;
  int status = 400;
};

const std::string kHost = "Host: gate.example\r\n";

// Every one of these is read differently by two servers in use, or was.
const Case kSmuggled[] = {
    {"two lengths", "POST / HTTP/1.1\r\n" + kHost + "Content-Length: 5\r\nContent-Length: 6\r\n\r\n"},
    {"two equal lengths", "POST / HTTP/1.1\r\n" + kHost + "Content-Length: 5\r\nContent-Length: 5\r\n\r\n"},
    {"a list of lengths", "POST / HTTP/1.1\r\n" + kHost + "Content-Length: 5, 5\r\n\r\n"},
    {"CL.TE", "POST / HTTP/1.1\r\n" + kHost + "Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n"},
    {"TE.CL", "POST / HTTP/1.1\r\n" + kHost + "Transfer-Encoding: chunked\r\nContent-Length: 6\r\n\r\n"},
    {"TE.TE", "POST / HTTP/1.1\r\n" + kHost + "Transfer-Encoding: chunked\r\nTransfer-Encoding: cow\r\n\r\n"},
    {"TE twice",
     "POST / HTTP/1.1\r\n" + kHost + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"},
    {"TE with a list", "POST / HTTP/1.1\r\n" + kHost + "Transfer-Encoding: gzip, chunked\r\n\r\n"},
    {"TE with chunked twice", "POST / HTTP/1.1\r\n" + kHost + "Transfer-Encoding: chunked, chunked\r\n\r\n"},
    {"TE identity", "POST / HTTP/1.1\r\n" + kHost + "Transfer-Encoding: identity\r\n\r\n"},
    {"TE empty", "POST / HTTP/1.1\r\n" + kHost + "Transfer-Encoding:\r\n\r\n"},
    {"TE with a parameter", "POST / HTTP/1.1\r\n" + kHost + "Transfer-Encoding: chunked;x=y\r\n\r\n"},
    {"TE in quotes", "POST / HTTP/1.1\r\n" + kHost + "Transfer-Encoding: \"chunked\"\r\n\r\n"},
    {"TE with a x in front", "POST / HTTP/1.1\r\n" + kHost + "Transfer-Encoding: xchunked\r\n\r\n"},
    {"TE with a vertical tab", "POST / HTTP/1.1\r\n" + kHost + "Transfer-Encoding: \vchunked\r\n\r\n"},
    {"TE with obs-text", "POST / HTTP/1.1\r\n" + kHost + "Transfer-Encoding: chunked\xa0\r\n\r\n"},
    {"TE behind a space", "POST / HTTP/1.1\r\n" + kHost + "Transfer-Encoding : chunked\r\n\r\n"},
    {"TE behind a tab", "POST / HTTP/1.1\r\n" + kHost + "Transfer-Encoding\t: chunked\r\n\r\n"},
    {"TE with _", "POST / HTTP/1.1\r\n" + kHost + "Transfer_Encoding: chunked\r\n\r\n"},
    {"TE folded", "POST / HTTP/1.1\r\n" + kHost + "Transfer-Encoding:\r\n chunked\r\n\r\n"},
    {"TE in a folded line", "POST / HTTP/1.1\r\n" + kHost + "X: y\r\n Transfer-Encoding: chunked\r\n\r\n"},
    {"TE after a bare LF", "POST / HTTP/1.1\r\n" + kHost + "X: y\nTransfer-Encoding: chunked\r\n\r\n"},
    {"TE after a bare CR", "POST / HTTP/1.1\r\n" + kHost + "X: y\rTransfer-Encoding: chunked\r\n\r\n"},
    {"TE after a NUL",
     "POST / HTTP/1.1\r\n" + kHost + std::string{"X: y\0Transfer-Encoding: chunked\r\n\r\n", 35}},
    {"TE with HTTP/1.0", "POST / HTTP/1.0\r\n" + kHost + "Transfer-Encoding: chunked\r\n\r\n"},
    {"a length with a plus", "POST / HTTP/1.1\r\n" + kHost + "Content-Length: +5\r\n\r\n"},
    {"a length with a minus", "POST / HTTP/1.1\r\n" + kHost + "Content-Length: -5\r\n\r\n"},
    {"a length in hexadecimal", "POST / HTTP/1.1\r\n" + kHost + "Content-Length: 0x5\r\n\r\n"},
    {"a length with a space in it", "POST / HTTP/1.1\r\n" + kHost + "Content-Length: 1 0\r\n\r\n"},
    {"an empty length", "POST / HTTP/1.1\r\n" + kHost + "Content-Length: \r\n\r\n"},
    {"a length with a fraction", "POST / HTTP/1.1\r\n" + kHost + "Content-Length: 5.0\r\n\r\n"},
    {"a length beyond 64 bits",
     "POST / HTTP/1.1\r\n" + kHost + "Content-Length: 18446744073709551621\r\n\r\n"},
    {"a length behind a space", "POST / HTTP/1.1\r\n" + kHost + "Content-Length : 5\r\n\r\n"},
    {"a length with _", "POST / HTTP/1.1\r\n" + kHost + "Content_Length: 5\r\n\r\n"},
    {"a Connection that names the length",
     "POST / HTTP/1.1\r\n" + kHost + "Content-Length: 5\r\nConnection: content-length\r\n\r\n"},
    {"a Connection that names the coding",
     "POST / HTTP/1.1\r\n" + kHost + "Connection: close, transfer-encoding\r\n\r\n"},
    {"a Connection that names the host", "GET / HTTP/1.1\r\n" + kHost + "Connection: Host\r\n\r\n"},
    {"a Connection that names the cookie", "GET / HTTP/1.1\r\n" + kHost + "Connection: cookie\r\n\r\n"},
    {"a Connection that names the origin", "GET / HTTP/1.1\r\n" + kHost + "Connection: origin\r\n\r\n"},
    {"a Connection that names a WebSocket's key",
     "GET / HTTP/1.1\r\n" + kHost + "Connection: upgrade, sec-websocket-key\r\n\r\n"},
    {"no Host", "GET / HTTP/1.1\r\n\r\n"},
    {"two Hosts", "GET / HTTP/1.1\r\n" + kHost + kHost + "\r\n"},
    {"an empty Host", "GET / HTTP/1.1\r\nHost:\r\n\r\n"},
    {"a Host with a path", "GET / HTTP/1.1\r\nHost: gate/x\r\n\r\n"},
    {"a Host with a user", "GET / HTTP/1.1\r\nHost: gate@evil\r\n\r\n"},
    {"a Host with a space", "GET / HTTP/1.1\r\nHost: gate evil\r\n\r\n"},
    {"a Host with a bad port", "GET / HTTP/1.1\r\nHost: gate:x\r\n\r\n"},
    {"a Host with a list", "GET / HTTP/1.1\r\nHost: gate, evil\r\n\r\n"},
    {"a Host in brackets that is no address", "GET / HTTP/1.1\r\nHost: [evil]\r\n\r\n"},
    {"a Host of obs-text", "GET / HTTP/1.1\r\nHost: gate\xc3\xa9\r\n\r\n"},
    {"two cookies", "GET / HTTP/1.1\r\n" + kHost + "Cookie: a=b\r\nCookie: c=d\r\n\r\n"},
    {"two origins", "GET / HTTP/1.1\r\n" + kHost + "Origin: https://a\r\nOrigin: https://b\r\n\r\n"},
    {"two types", "GET / HTTP/1.1\r\n" + kHost + "Content-Type: a/b\r\nContent-Type: c/d\r\n\r\n"},
    {"a first header line that is folded", "GET / HTTP/1.1\r\n X: y\r\n" + kHost + "\r\n"},
    {"a header line without a colon", "GET / HTTP/1.1\r\n" + kHost + "nonsense\r\n\r\n"},
    {"an empty name", "GET / HTTP/1.1\r\n" + kHost + ": x\r\n\r\n"},
    {"a name with a space", "GET / HTTP/1.1\r\n" + kHost + "X Y: z\r\n\r\n"},
    {"a name of obs-text", "GET / HTTP/1.1\r\n" + kHost + "X\xe9: z\r\n\r\n"},
    {"a name with a quote", "GET / HTTP/1.1\r\n" + kHost + "X\"Y: z\r\n\r\n"},
    {"a forwarded address with _", "GET / HTTP/1.1\r\n" + kHost + "X_Forwarded_For: 1\r\n\r\n"},
    {"an empty line in front", "\r\nGET / HTTP/1.1\r\n" + kHost + "\r\n"},
    {"HTTP/0.9", "GET /\r\n\r\n"},
    {"HTTP/2.0", "GET / HTTP/2.0\r\n" + kHost + "\r\n"},
    {"HTTP/1.2", "GET / HTTP/1.2\r\n" + kHost + "\r\n"},
    {"HTTP/01.1", "GET / HTTP/01.1\r\n" + kHost + "\r\n"},
    {"HTTP/1.10", "GET / HTTP/1.10\r\n" + kHost + "\r\n"},
    {"http/1.1", "GET / http/1.1\r\n" + kHost + "\r\n"},
    {"a space behind the version", "GET / HTTP/1.1 \r\n" + kHost + "\r\n"},
    {"two spaces in the first line", "GET  / HTTP/1.1\r\n" + kHost + "\r\n"},
    {"a tab in the first line", "GET\t/ HTTP/1.1\r\n" + kHost + "\r\n"},
    {"a space in the address", "GET /a b HTTP/1.1\r\n" + kHost + "\r\n"},
    {"a space in front", " GET / HTTP/1.1\r\n" + kHost + "\r\n"},
    {"no method", " / HTTP/1.1\r\n" + kHost + "\r\n"},
    {"a method in lower case", "get / HTTP/1.1\r\n" + kHost + "\r\n"},
    {"a method with a colon", "GET: / HTTP/1.1\r\n" + kHost + "\r\n"},
    {"CONNECT", "CONNECT hmc:443 HTTP/1.1\r\n" + kHost + "\r\n"},
    {"CONNECT to a path", "CONNECT / HTTP/1.1\r\n" + kHost + "\r\n"},
    {"TRACE", "TRACE / HTTP/1.1\r\n" + kHost + "\r\n", 405},
    {"an expectation of something else", "POST / HTTP/1.1\r\n" + kHost + "Expect: 200-ok\r\n\r\n", 417},
    {"two expectations",
     "POST / HTTP/1.1\r\n" + kHost + "Expect: 100-continue\r\nExpect: 100-continue\r\n\r\n"},
    {"HTTP/2's preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"},
    {"a WebSocket with a body", "GET / HTTP/1.1\r\n" + kHost +
                                    "Connection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: "
                                    "dGhlIHNhbXBsZSBub25jZQ==\r\nContent-Length: 4\r\n\r\n"},
    {"a WebSocket by POST",
     "POST / HTTP/1.1\r\n" + kHost +
         "Connection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"},
    {"a WebSocket with a key that is none",
     "GET / HTTP/1.1\r\n" + kHost +
         "Connection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub20\r\n\r\n"},
    {"a WebSocket with a key of another alphabet",
     "GET / HTTP/1.1\r\n" + kHost +
         "Connection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25j-_==\r\n\r\n"},
    {"a WebSocket without a key",
     "GET / HTTP/1.1\r\n" + kHost + "Connection: upgrade\r\nUpgrade: websocket\r\n\r\n"},
};

}  // namespace

TEST_CASE("a request that two servers could read differently is refused") {
  for (const auto& [what, text, status] : kSmuggled) {
    INFO(what);
    CHECK(parse(text).status == status);
  }
}

TEST_CASE("addresses are paths, of this host, and go nowhere else") {
  for (const auto* good : {"/", "/a/b?c=d", "/a%20b", "/a|b{c}^`", "/a;jsessionid=1/b", "/..a/b..", "/a?../x",
                           "/a?x=100%", "/a?b?c", "/a//b", "/%2ehidden", "/...", "/a?x=\"<\\>",
                           "/%c3%a9/%e2%82%ac/%f0%9f%98%80", "/caf%e9", "/%c0b", "/a?x=..%2f%c0%ae"}) {
    INFO(good);
    CHECK(target_of(good) == good);
  }
  for (const auto* bad :
       {"*", "a", "?a", "//evil.example/", "http://gate.example/", "https://evil.example/",
        "https://gate.example@evil/", "https://gate.example:444/", "ftp://gate.example/", "/a#b", "/a\\b",
        "/a\"b", "/a<b", "/..", "/.", "/a/../b", "/a/..", "/a/./b", "/%2e%2e/b", "/a/%2E./b", "/a%2f..%2fb",
        "/a/..;x/b", "/a/..%3bx/b", "/a%5c..%5cb", "/a%00b", "/a%0d%0ab", "/a%7fb", "/a%", "/a%2", "/a%zz",
        "/a\xc3\xa9", "/a?b#c", "/a?b\xa9", "/..%2f",
        // "." and "/" in UTF-8 of two, three and four bytes, which is no UTF-8
        "/%c0%ae%c0%ae/b", "/a/..%c0%afb", "/%C1%AE/b", "/%e0%80%ae./b", "/%f0%80%80%ae./b", "/a%u002e/b"}) {
    INFO(bad);
    CHECK(target_of(bad) == "400");
  }
  CHECK(target_of("https://gate.example/a?b") == "/a?b");
  CHECK(target_of("HTTPS://GATE.example/a") == "/a");
  CHECK(target_of("https://gate.example?b") == "/?b");
  CHECK(target_of("https://gate.example") == "/");
  CHECK(target_of("https://gate.example//evil") == "400");
}

TEST_CASE("a request is written anew, with its end-to-end headers only") {
  const auto outcome = parse(
      "POST /rest/api?x=1 HTTP/1.1\r\nhOsT: Gate.Example:8443\r\nAccept:  */*  \r\nconnection: keep-alive, "
      "X-Hop\r\n"
      "X-Hop: 1\r\nKeep-Alive: timeout=5\r\nTE: trailers, gzip\r\nTrailer: X\r\nProxy-Authorization: x\r\n"
      "Proxy-Connection: close\r\nUpgrade: h2c\r\ncontent-length: 005\r\nExpect: 100-Continue\r\nX-Two: "
      "a\r\nX-Two: b\r\n"
      "X-Latin: \xe9\r\n\r\n");
  REQUIRE(outcome.status == 0);
  CHECK(outcome.head.authority == "gate.example:8443");
  CHECK(outcome.head.expects_continue);
  CHECK(outcome.head.keep_alive);
  CHECK_FALSE(outcome.head.wants_websocket);
  CHECK(
      write_request_head(outcome.head, "hmc1") ==
      "POST /rest/api?x=1 HTTP/1.1\r\nHost: hmc1\r\nAccept: */*\r\nX-Two: a\r\nX-Two: b\r\nX-Latin: \xe9\r\n"
      "Content-Length: 5\r\n\r\n");
}

TEST_CASE("bodies by length, in chunks, and none") {
  CHECK(with("").head.body == BodySize{});
  CHECK(with("Content-Length: 0\r\n").head.body == BodySize{BodySize::Kind::length, 0});
  CHECK(with("Content-Length: 1099511627776\r\n").head.body == BodySize{BodySize::Kind::length, 1ULL << 40U});
  const auto chunked = with("Transfer-Encoding: Chunked\r\n");
  CHECK(chunked.head.body == BodySize{BodySize::Kind::chunked, 0});
  CHECK(write_request_head(chunked.head, "hmc1") ==
        "POST /a HTTP/1.1\r\nHost: hmc1\r\nTransfer-Encoding: chunked\r\n\r\n");
}

TEST_CASE("a connection stays open as its version and its headers say") {
  const std::string one_one = "GET / HTTP/1.1", one_nought = "GET / HTTP/1.0";
  CHECK(with("", one_one).head.keep_alive);
  CHECK_FALSE(with("Connection: close\r\n", one_one).head.keep_alive);
  CHECK_FALSE(with("Connection: keep-alive\r\nConnection: foo, CLOSE\r\n", one_one).head.keep_alive);
  CHECK_FALSE(with("", one_nought).head.keep_alive);
  // It would wait for a Connection: keep-alive that HTTP/1.1 does not say.
  CHECK_FALSE(with("Connection: Keep-Alive\r\n", one_nought).head.keep_alive);
  CHECK_FALSE(with("Content-Length: 1\r\nExpect: 100-continue\r\n", "POST / HTTP/1.0").head.expects_continue);
  CHECK_FALSE(with("Expect: 100-continue\r\n").head.expects_continue);
}

TEST_CASE("HTTP/1.0 may leave Host out") {
  const auto outcome = parse("GET / HTTP/1.0\r\n\r\n");
  CHECK(outcome.status == 0);
  CHECK(outcome.head.authority.empty());
  CHECK(parse("GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n").status == 400);
}

TEST_CASE("a WebSocket is asked for by a plain GET") {
  const auto outcome = with(
      "Connection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\nSec-WebSocket-Key: "
      "dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n",
      "GET /terminal HTTP/1.1");
  REQUIRE(outcome.head.wants_websocket);
  CHECK(write_request_head(outcome.head, "hmc1") ==
        "GET /terminal HTTP/1.1\r\nHost: hmc1\r\nSec-WebSocket-Key: "
        "dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
        "Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
  // Without the connection option, and for other protocols, it is an ordinary request.
  CHECK_FALSE(with("Upgrade: websocket\r\n", "GET / HTTP/1.1").head.wants_websocket);
  CHECK_FALSE(
      with("Connection: upgrade, http2-settings\r\nUpgrade: h2c\r\nHTTP2-Settings: x\r\n", "GET / HTTP/1.1")
          .head.wants_websocket);
}

TEST_CASE("authorities") {
  for (const auto* good : {"gate", "gate.example", "192.0.2.1", "192.0.2.1:8443", "[2001:db8::1]",
                           "[2001:db8::1]:443", "under_score", "[::ffff:192.0.2.1]"})
    CHECK(is_authority(good));
  for (const auto* bad : {"", ":443", "gate:", "gate:123456", "a b", "a/b", "a@b", "a:b", "[::1", "[]",
                          "[::1]x", "a?b", "[fe80::1%25eth0]"})
    CHECK_FALSE(is_authority(bad));
}
