// http_seeds FOLDER: writes the seed corpora of the HTTP fuzzers, FOLDER/request and FOLDER/response. Runs
// in: a build.
#include <fmt/core.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "tests/fuzz/http_exchange.h"

namespace {

const std::string kHost = "Host: gate.example\r\n";
const std::string kRequests[] = {
    "GET / HTTP/1.1\r\n" + kHost + "\r\n",
    "GET /a?b=c HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
    "POST /a HTTP/1.1\r\n" + kHost + "Content-Length: 5\r\nExpect: 100-continue\r\n\r\nhello",
    "PUT /a HTTP/1.1\r\n" + kHost + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n",
    "GET https://gate.example/a%20b HTTP/1.1\r\n" + kHost + "Cookie: a=b; c=d\r\nTE: trailers\r\n\r\n",
    "GET /t HTTP/1.1\r\n" + kHost +
        "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
    "POST / HTTP/1.1\r\n" + kHost + "Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG",
    "POST / HTTP/1.1\r\n" + kHost + "Transfer_Encoding: chunked\r\nConnection: x, content-length\r\n\r\n",
    "GET /a/..;x/%2e%2e%2fb HTTP/1.1\r\n" + kHost + "X: y\n Z: folded\r\n\r\n",
    "POST / HTTP/1.1\r\n" + kHost +
        "Cookie: __Host-sallyport=a; sallyport-t1-JSESSIONID=b; JSESSIONID=c; lang=de\r\nContent-Length: "
        "0\r\n\r\n",
    "POST /a HTTP/1.1\r\n" + kHost +
        "Origin: https://gate.example\r\nReferer: https://gate.example/x?y\r\nSec-Fetch-Site: same-origin\r\n"
        "Content-Length: 2\r\n\r\nab",
    "GET /a HTTP/1.1\r\n" + kHost +
        "Forwarded: for=1\r\nX-Forwarded-Host: x\r\nVia: 1.1 x\r\nX-Original-URL: /b\r\nConnection: "
        "X-Hop\r\nX-Hop: 1\r\n\r\n",
    "PUT /a HTTP/1.1\r\n" + kHost +
        "Transfer-Encoding: chunked\r\nTrailer: X\r\n\r\n00a\r\n0\r\n\r\nGET /\r\n0\r\nX: 1\r\nY: 2\r\n\r\n",
    "PUT /a HTTP/1.1\r\n" + kHost +
        "Transfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\nContent-Length: 5\r\n\r\n",
    "POST /a HTTP/1.1\r\n" + kHost +
        "Content-Length: 5\r\ncontent-length: 6\r\n\r\nhelloGET /b HTTP/1.1\r\n\r\n",
    "POST /a HTTP/1.1\r\n" + kHost + "Transfer-Encoding: chunked, identity\r\nX\t: y\r\n\r\n",
    "GET /%c0%ae%c0%ae/%e0%80%af/%ff HTTP/1.1\r\n" + kHost + "\r\n",
    "GET /a|b{c}^`?\"<>\\[] HTTP/1.1\r\n" + kHost + "X: \x80\xff\r\nRange: bytes=0-\r\n\r\n",
    "OPTIONS /a HTTP/1.0\r\nHost: [2001:db8::1]:443\r\nOrigin: null\r\n\r\n",
};
const std::string kResponses[] = {
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nSet-Cookie: a=b; Domain=hmc1; Path=/\r\n\r\nhello",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n",
    "HTTP/1.0 302 Found\r\nLocation: https://hmc1/login\r\n\r\nuntil the end",
    "HTTP/1.1 304 Not Modified\r\nETag: \"x\"\r\nContent-Length: 9\r\n\r\n",
    "HTTP/1.1 100 Continue\r\n\r\n",
    "HTTP/1.1 302 Found\r\nLocation: https://hmc1.example/\t/evil/\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.1 302 Found\r\nLocation: http://hmc1:80\\@x\r\nRefresh: 0; url=//hmc1//x\r\nContent-Length: "
    "0\r\n\r\n",
    "HTTP/1.1 200 OK\r\nSet-Cookie: a=1; HttpOnly; Path=/x\r\nSet-Cookie: a=; Max-Age=0\r\nSet-Cookie: "
    "__Host-sallyport=e; Path=/\r\nSet-Cookie: __Secure-b=2; domain=x; httponly\r\nContent-Length: "
    "2\r\n\r\nok",
    "HTTP/1.1 200 OK\r\nContent-Type: text/css\r\nCache-Control: public, no-cache=\"a, "
    "b\"\r\nAccess-Control-Allow-Origin: "
    "https://hmc1.example\r\nStrict-Transport-Security: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close, x\r\nX: y\rSet-Cookie: z\r\n\r\nokHTTP/1.1 "
    "200 OK\r\n\r\n",
    "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
};

void put(const std::filesystem::path& path, const std::string& bytes) { std::ofstream{path} << bytes; }

}  // namespace

int main(int count, char** values) {
  namespace exchange = sallyport::http::exchange;
  if (count != 2) return 2;
  const std::filesystem::path folder{values[1]};
  std::filesystem::create_directories(folder / "request");
  std::filesystem::create_directories(folder / "response");
  for (std::size_t i = 0; i < std::size(kRequests); ++i) {
    exchange::check_request(kRequests[i]);
    put(folder / "request" / std::to_string(i), kRequests[i]);
  }
  for (std::size_t i = 0; i < std::size(kResponses); ++i)
    for (char asked = 0; asked < 4; ++asked) {
      exchange::check_response(asked + kResponses[i]);
      put(folder / "response" / fmt::format("{}-{}", i, static_cast<int>(asked)), asked + kResponses[i]);
    }
  return 0;
}
