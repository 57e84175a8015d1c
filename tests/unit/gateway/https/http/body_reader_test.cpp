// Bodies in any fragmentation. Runs in: unit tests.
#include "gateway/https/http/body_reader.h"

#include "tests/catch.h"

using namespace sallyport::http;
using Kind = BodySize::Kind;

namespace {

struct Outcome {
  int status = 0;
  std::string data;
  bool done = false;
  std::size_t used = 0;
  Fields trailers;
  bool operator==(const Outcome&) const = default;
};

Outcome read(const BodySize& size, std::string_view bytes, std::size_t piece) {
  BodyReader reader{size};
  Outcome outcome;
  while (outcome.used < bytes.size() && !reader.done()) {
    const auto step = reader.take(bytes.substr(outcome.used, piece));
    if (!step) {
      outcome.status = step.error().status;
      return outcome;
    }
    outcome.used += step->used;
    outcome.data += step->data;
  }
  outcome.done = reader.done();
  outcome.trailers = reader.trailers();
  return outcome;
}

Outcome chunked(std::string_view bytes) {
  const auto whole = read({Kind::chunked, 0}, bytes, std::string_view::npos);
  for (const std::size_t piece : {std::size_t{1}, std::size_t{2}, std::size_t{3}, std::size_t{7}}) {
    const auto cut = read({Kind::chunked, 0}, bytes, piece);
    CHECK(cut.status == whole.status);
    CHECK(cut.done == whole.done);
    if (whole.status == 0) CHECK(cut == whole);
  }
  return whole;
}

}  // namespace

TEST_CASE("a counted body ends after its last byte, and what follows is left alone") {
  const auto outcome = read({Kind::length, 5}, "helloGET /", 3);
  CHECK(outcome.data == "hello");
  CHECK(outcome.done);
  CHECK(outcome.used == 5);
  CHECK(BodyReader{{Kind::length, 0}}.done());
  CHECK(BodyReader{{Kind::none, 0}}.done());
}

TEST_CASE("a body that ends with its connection") {
  BodyReader reader{{Kind::until_close, 0}};
  CHECK(reader.take("all of it")->data == "all of it");
  CHECK_FALSE(reader.done());
  CHECK(reader.ends_with_connection());
  CHECK_FALSE(BodyReader{{Kind::chunked, 0}}.ends_with_connection());
}

TEST_CASE("chunks are put together") {
  const auto outcome = chunked("5\r\nhello\r\n00000B\r\n, old world\r\n0\r\n\r\nGET /");
  CHECK(outcome.data == "hello, old world");
  CHECK(outcome.done);
  CHECK(outcome.used == std::string_view{"5\r\nhello\r\n00000B\r\n, old world\r\n0\r\n\r\n"}.size());
  CHECK_FALSE(chunked("5\r\nhello\r\n0\r\n").done);
  CHECK(chunked("000\r\n\r\n").done);
}

TEST_CASE("odd chunks are refused") {
  using namespace std::string_literals;
  for (const auto& bad : {"\r\n"s,
                          "g\r\n"s,
                          "-5\r\nhello\r\n"s,
                          "+5\r\nhello\r\n"s,
                          "0x5\r\nhello\r\n"s,
                          " 5\r\nhello\r\n"s,
                          "5 \r\nhello\r\n"s,
                          "5;a=b\r\nhello\r\n"s,
                          "5;\r\nhello\r\n"s,
                          "5\nhello\r\n"s,
                          "5\r\rhello"s,
                          "5\rXhello"s,
                          "5\r\nhelloX"s,
                          "5\r\nhello\n"s,
                          "5\r\nhello\rX"s,
                          "5\r\nhello5\r\n"s,
                          "10000000000000000\r\n"s,
                          "ffffffffffffffff\r\n"s,
                          "00000000000000005\r\nhello\r\n"s,
                          "5\0\r\nhello\r\n"s,
                          "5,5\r\nhello\r\n"s,
                          "\t5\r\n"s,
                          "0\n"s,
                          "0\r\n\n"s,
                          "0\r\n\rX"s,
                          "0;x\r\n\r\n"s,
                          "0\r\nA: b\nC: d\r\n\r\n"s,
                          "0\r\n A: b\r\n\r\n"s,
                          "0\r\nnocolon\r\n\r\n"s,
                          "0\r\nA : b\r\n\r\n"s,
                          "0\r\nContent-Length: 5\r\n\r\n"s,
                          "0\r\nTransfer-Encoding: chunked\r\n\r\n"s,
                          "0\r\nHost: evil\r\n\r\n"s,
                          "0\r\nCookie: a=b\r\n\r\n"s,
                          "0\r\nSet-Cookie: a=b\r\n\r\n"s,
                          "0\r\nAuthorization: x\r\n\r\n"s,
                          "0\r\nX-Forwarded-For: x\r\n\r\n"s,
                          "0\r\nContent_Length: 5\r\n\r\n"s,
                          "0\r\nConnection: close\r\n\r\n"s,
                          "0\r\nOrigin: https://x\r\n\r\n"s,
                          "0\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n"s}) {
    INFO(bad);
    CHECK(chunked(bad).status == 400);
  }
  CHECK(chunked("0\r\nA: " + std::string(9000, 'a') + "\r\n\r\n").status == 431);
  std::string many = "0\r\n";
  for (int i = 0; i < 40; ++i) many += "A: b\r\n";
  CHECK(chunked(many + "\r\n").status == 431);
}

TEST_CASE("trailers are kept, and written again") {
  const auto outcome = chunked("3\r\nabc\r\n0\r\nX-Sum: 900150983cd24fb0\r\nETag: \"x\"\r\n\r\n");
  CHECK(outcome.data == "abc");
  REQUIRE(outcome.trailers.size() == 2);
  CHECK(last_chunk(outcome.trailers) == "0\r\nX-Sum: 900150983cd24fb0\r\nETag: \"x\"\r\n\r\n");
  CHECK(last_chunk({}) == "0\r\n\r\n");
}

TEST_CASE("what is written in chunks reads back") {
  std::string bytes, data;
  for (std::size_t size = 1; size < 5000; size = size * 2 + 1) {
    const std::string piece(size, static_cast<char>('a' + size % 26));
    data += piece;
    bytes += chunk_head(size) + piece + std::string{kChunkEnd};
  }
  const auto outcome = chunked(bytes + last_chunk({}));
  CHECK(outcome.data == data);
  CHECK(outcome.done);
}
