// What must not be recorded is taken out however the output is cut (I9). Runs in: tests.
#include "gateway/worker/output_mask.h"

#include <random>

#include "tests/catch.h"

using namespace sallyport;

namespace {

constexpr std::string_view kCanary = "CANARY-7!";

OutputMask mask_of(const std::vector<std::string>& rules) {
  auto mask = OutputMask::create(rules);
  REQUIRE(mask);
  return *std::move(mask);
}

std::string shown(const std::vector<std::string>& rules, std::string_view output) {
  return mask_of(rules).pass(output);
}

// In pieces of one, two, three, ... bytes, and cut once at each byte: always the same.
std::string shown_in_pieces(const std::vector<std::string>& rules, std::string_view output) {
  const auto whole = shown(rules, output);
  for (std::size_t size = 1; size <= output.size(); ++size) {
    auto even = mask_of(rules), once = mask_of(rules);
    std::string pieces;
    for (std::size_t at = 0; at < output.size(); at += size) pieces += even.pass(output.substr(at, size));
    REQUIRE(pieces == whole);
    auto cut = once.pass(output.substr(0, size));
    REQUIRE((cut += once.pass(output.substr(size))) == whole);
  }
  return whole;
}

}  // namespace

TEST_CASE("I9: what follows a rule is hidden to the end of the line, at whatever byte the output is cut") {
  const std::vector<std::string> rules{"Password:", "PIN for * is"};
  const std::string canary{kCanary};
  CHECK(shown_in_pieces(rules, "login\r\nPassword: " + canary + "\r\nok\r\n") ==
        "login\r\nPassword: ‹masked›\r\nok\r\n");
  CHECK(shown_in_pieces(rules, "the pin FOR ann IS " + canary + "\nok") == "the pin FOR ann IS ‹masked›\nok");
  CHECK(shown_in_pieces(rules, "PaPassPassword:" + canary) == "PaPassPassword:‹masked›");
  SECTION("with escape sequences in the prompt and in the echo") {
    for (const std::string between : {"\x1b[1;31m", "\x1b]0;a title\a", "\x1b]0;title\x1b\\",
                                      "\x1bP1$r\x1b\\", "\x1b(B", "\x1b=", "\xc2\x9b\x31m",
                                      "\xc2\x9d"
                                      "2;t\xc2\x9c",
                                      "\x18", "\x1b[3\b1m", "\x1b[\x1b[m", "\r", "\x7f", "\x0e"}) {
      INFO(between);
      const auto seen =
          shown_in_pieces(rules, "Pass" + between + "word" + between + ": " + canary.substr(0, 3) + between +
                                     canary.substr(3) + between + "\r\nok");
      CHECK(seen == "Pass" + between + "word" + between + ": ‹masked›\r\nok");
    }
  }
  SECTION("and a line editor that draws the line again") {
    CHECK(shown_in_pieces(rules, "Password: CA\r\x1b[KPassword: CANA\r\x1b[KPassword: " + canary +
                                     "\r\nok") == "Password: ‹masked›\r\nok");
  }
}

TEST_CASE("a prompt behind which nothing comes stays as it was, and so does what only resembles a rule") {
  const std::vector<std::string> rules{"Password:", "PIN for * is"};
  for (const std::string same :
       {"Password: \r\nwelcome\r\n", "Passwort: x\r\n", "Pass\nword: x\n", "PIN for ann\nis x\n",
        "\x1b[31mred", "\xc2\xa3 5, \xe2\x82\xac 6\xc2", "\x1b]0;Password: a title\a$ ls\r\n"})
    CHECK(shown_in_pieces(rules, same) == same);
}

TEST_CASE("a rule may hold any character, and letters count in either case") {
  CHECK(shown_in_pieces({"Gerät £ *geheim"}, "GERät £ 5 Geheim: x\n") == "GERät £ 5 Geheim‹masked›\n");
}

TEST_CASE("a line feed ends what a terminal might go on with, so that a prompt behind it is seen") {
  CHECK(shown_in_pieces({"Password:"}, "\x1b]0;never ended\nPassword: x\n\x1b[\nPassword: y\n") ==
        "\x1b]0;never ended\nPassword: ‹masked›\n\x1b[\nPassword: ‹masked›\n");
}

TEST_CASE("I9: of random output around a canary behind a prompt nothing of the canary is left") {
  std::mt19937 random{7};
  const std::string_view alphabet = "Paswordx: \r\b\t\x1b[]0;m\a\\(B\xc2\x9b\x9d\xe2\x82\xac*";
  for (int round = 0; round < 5000; ++round) {
    std::string before;
    for (auto left = random() % 40; left > 0; --left) before += alphabet[random() % alphabet.size()];
    const auto output = before + "\nPassword:" + std::string{kCanary} + "\n" + before;
    auto mask = mask_of({"password:", "x*w*:"});
    std::string seen;
    for (std::size_t at = 0; at < output.size();) {
      const auto size = 1 + random() % 7;
      seen += mask.pass(std::string_view{output}.substr(at, size));
      at += size;
    }
    REQUIRE(seen.find("CANARY") == seen.npos);
    REQUIRE(seen.find("\nPassword:‹masked›\n") != seen.npos);
  }
}

TEST_CASE("a rule that cannot be applied is none") {
  for (const std::string bad :
       {"", "*", "a*", "*abc", "a**bcd", "ab", "a * b", "Pass\tword", "Pass\xff", "Pass\nword"}) {
    INFO(bad);
    CHECK_FALSE(OutputMask::create({bad}));
  }
  CHECK_FALSE(OutputMask::create({std::string(MaskRule::kLongest + 1, 'x')}));
  CHECK(OutputMask::create({std::string(MaskRule::kLongest, 'x')}));
}
