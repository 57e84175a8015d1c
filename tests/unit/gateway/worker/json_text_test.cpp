// What a terminal shows, in JSON: the same however it comes in pieces. Runs in: tests.
#include "gateway/worker/json_text.h"

#include <nlohmann/json.hpp>

#include <random>

#include "tests/catch.h"

using namespace sallyport;

namespace {

std::string inside(std::string_view bytes) {
  JsonText text;
  std::string out;
  text.feed(bytes, out);
  text.finish(out);
  return out;
}

}  // namespace

TEST_CASE("each byte at each place of eight is escaped where JSON wants it, and nothing else is") {
  for (int value = 0; value < 0x80; ++value)
    for (std::size_t at = 0; at < 17; ++at) {
      std::string bytes(17, 'x');
      bytes[at] = static_cast<char>(value);
      const auto out = inside(bytes);
      REQUIRE(nlohmann::json::parse('"' + out + '"').get<std::string>() == bytes);
      const bool plain = value >= 0x20 && value != 0x7f && value != '"' && value != '\\';
      REQUIRE((out == bytes) == plain);
    }
  CHECK(inside("a\r\nb\n\r\t\x7f\"\\") == "a\\r\\nb\\n\\r\\u0009\\u007f\\\"\\\\");
}

TEST_CASE("a character that is cut comes whole, and what is none is replaced, whatever stands around it") {
  CHECK(inside("\xE2\x82\xAC") == "\xE2\x82\xAC");
  CHECK(inside("\xE2\x82") == "\xEF\xBF\xBD");
  CHECK(inside("\xE2\x82x\xFF") == "\xEF\xBF\xBDx\xEF\xBF\xBD");
}

TEST_CASE("random bytes in random pieces are what they are as a whole, and valid") {
  std::mt19937 random{7};
  const std::string_view alphabet = "abcdefgh \r\n\t\"\\\x1b\x7f\xC3\xA9\xE2\x82\xAC\xF0\x9F\x9A\xAA\xFF";
  for (int round = 0; round < 3000; ++round) {
    std::string bytes;
    for (auto left = random() % 60; left > 0; --left) bytes += alphabet[random() % alphabet.size()];
    JsonText text;
    std::string out;
    for (std::size_t at = 0; at < bytes.size();) {
      const auto size = 1 + random() % 20;
      text.feed(std::string_view{bytes}.substr(at, size), out);
      at += size;
    }
    text.finish(out);
    REQUIRE(out == inside(bytes));
    REQUIRE(nlohmann::json::accept('"' + out + '"'));
  }
}
