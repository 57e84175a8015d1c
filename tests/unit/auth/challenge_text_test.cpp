// The text that a rep signs, and its prompt: one way to write it, one way to read it.
#include "auth/challenge_text.h"

#include <set>

#include "base/clock.h"
#include "base/encoding.h"
#include "tests/catch.h"

using namespace sallyport;

namespace {

const std::string kHostKey = "SHA256:" + std::string(43, 'k');

ChallengeText example() {
  ChallengeText c;
  c.gateway = "gw1";
  c.host_key = kHostKey;
  c.grant = "g-k7xqm";
  c.rep = "kim";
  c.target = "hmc1";
  c.services = {"ssh", "https"};
  c.time = std::chrono::floor<std::chrono::seconds>(from_rfc3339("2026-11-23T10:40:00.000000Z").value());
  c.expires = c.time + std::chrono::seconds{120};
  c.nonce = "00112233445566778899aabbccddeeff";
  return c;
}

const std::string kText = "sallyport-challenge-v1\ngateway: gw1\nhost-key: " + kHostKey +
                          "\ngrant: g-k7xqm\nrep: kim\ntarget: hmc1\nservices: ssh,https\n"
                          "time: 2026-11-23T10:40:00Z\nexpires: 2026-11-23T10:42:00Z\n"
                          "nonce: 00112233445566778899aabbccddeeff\n";

std::string replaced(std::string text, std::string_view what, std::string_view with) {
  return text.replace(text.find(what), what.size(), with);
}

}  // namespace

TEST_CASE("the challenge's text is ten lines, byte for byte") {
  CHECK(compose(example()).value() == kText);
  CHECK(parse_challenge_text(kText).value() == example());
}

TEST_CASE("a nonce is 128 bits that do not repeat") {
  SystemRandom random;
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) seen.insert(draw_nonce(random));
  CHECK(seen.size() == 100);
  CHECK(seen.begin()->size() == 32);
}

TEST_CASE("no field of a challenge can hold a newline, a space or a control byte") {
  const std::string bad = GENERATE("", "a\nb", "a\rb", "a b", " a", "a\t", std::string("a\0b", 3), "a\x1b[m",
                                   "\x7f", "\xc3\xa4", "a\nrep: eve");
  const auto refused = [&](auto set) {
    ChallengeText changed = example();
    set(changed);
    return !compose(changed);
  };
  CHECK(refused([&](auto& t) { t.gateway = bad; }));
  CHECK(refused([&](auto& t) { t.host_key = bad; }));
  CHECK(refused([&](auto& t) { t.grant = bad; }));
  CHECK(refused([&](auto& t) { t.grant = "g-" + bad; }));
  CHECK(refused([&](auto& t) { t.rep = bad; }));
  CHECK(refused([&](auto& t) { t.target = bad; }));
  CHECK(refused([&](auto& t) { t.services = {"ssh", bad}; }));
  CHECK(refused([&](auto& t) { t.nonce = bad; }));
}

TEST_CASE("a field is what it is, and not too long") {
  const auto refused = [&](auto set) {
    ChallengeText changed = example();
    set(changed);
    return !compose(changed);
  };
  CHECK(refused([](auto& t) { t.gateway = std::string(256, 'g'); }));
  CHECK(refused([](auto& t) { t.host_key = "SHA256:" + std::string(42, 'k'); }));
  CHECK(refused([](auto& t) { t.host_key = "MD5:" + std::string(46, 'k'); }));
  CHECK(refused([](auto& t) { t.grant = "h-k7xqm"; }));
  CHECK(refused([](auto& t) { t.grant = "g-K7XQM"; }));
  CHECK(refused([](auto& t) { t.rep = std::string(65, 'r'); }));
  CHECK(refused([](auto& t) { t.services = {}; }));
  CHECK(refused([](auto& t) { t.services = {"ssh,https"}; }));
  CHECK(refused([](auto& t) { t.services.assign(kMostChallengeServices + 1, "s"); }));
  CHECK(refused([](auto& t) { t.services.assign(kMostChallengeServices, std::string(64, 's')); }));
  CHECK(refused([](auto& t) { t.nonce = "00112233445566778899AABBCCDDEEFF"; }));
  CHECK(refused([](auto& t) { t.nonce += "0"; }));
  CHECK(refused([](auto& t) { t.expires = t.time; }));
  CHECK(refused([](auto& t) { t.expires = std::chrono::sys_days{std::chrono::year{10000} / 1 / 1}; }));
}

TEST_CASE("every other writing of a challenge is refused") {
  const std::string text =
      GENERATE(std::string{}, kText.substr(0, kText.size() - 1), kText + "\n", kText + "more: x\n",
               " " + kText, replaced(kText, "v1", "v2"), replaced(kText, "gateway: ", "gateway:"),
               replaced(kText, "gateway: gw1\n", ""), replaced(kText, "gw1\n", "gw1\r\n"),
               replaced(kText, "rep: kim\n", "rep: kim\nrep: eve\n"), replaced(kText, "kim", "kim "),
               replaced(kText, "rep: kim\ntarget: hmc1", "target: hmc1\nrep: kim"),
               replaced(kText, "ssh,https", "ssh, https"), replaced(kText, "ssh,https", "ssh,,https"),
               replaced(kText, "ssh,https", ","), replaced(kText, "10:40:00Z", "10:40:00"),
               replaced(kText, "10:40:00Z", "10:40:60Z"), replaced(kText, "10:40:00Z", "10:40:00+"),
               replaced(kText, "10:42:00Z", "10:39:00Z"), replaced(kText, "11-23T10:40", "02-30T10:40"));
  INFO(text);
  CHECK_FALSE(parse_challenge_text(text));
}

TEST_CASE("every change of one byte of a challenge is another challenge or none") {
  for (std::size_t i = 0; i < kText.size(); ++i)
    for (const int bit : {0, 1, 2, 3, 4, 5, 6, 7}) {
      auto changed = kText;
      changed[i] = static_cast<char>(changed[i] ^ (1 << bit));
      const auto parsed = parse_challenge_text(changed);
      CHECK((!parsed || *parsed != example()));
    }
}

TEST_CASE("the prompt says what it means, and carries the text") {
  const auto prompt = signature_prompt(example()).value();
  CHECK(prompt == "Sign to open hmc1 (ssh, https) for kim, grant g-k7xqm, at gate gw1, host key " + kHostKey +
                      ", until 10:42:00 UTC.\nChallenge " + to_base64(kText) + "\nSignature: ");
  CHECK(text_in_signature_prompt(prompt) == kText);
  CHECK(text_in_signature_prompt("(kim@gate.example.org) " + prompt) == kText);
  CHECK(text_in_signature_prompt(prompt.substr(0, prompt.size() - 1)) == kText);
}

TEST_CASE("a prompt whose words and text differ, or another prompt, holds no challenge") {
  const auto good = signature_prompt(example()).value();
  const std::string prompt = GENERATE_COPY(
      std::string{}, std::string{"Password: "}, std::string{"Challenge K7XQM 3PDR4, response: "},
      replaced(good, "hmc1", "hmc2"), replaced(good, "(ssh, https)", "(ssh)"), "x" + good, good + "x",
      replaced(good, "10:42", "10:43"), replaced(good, "Challenge ", "Challenge  "),
      replaced(good, "\nSignature", "=\nSignature"), replaced(good, "\nChallenge ", "\nChallenge A"),
      std::string{"\nChallenge \nSignature: "}, std::string{"\nChallenge Signature:"});
  INFO(prompt);
  CHECK_FALSE(text_in_signature_prompt(prompt));
}

TEST_CASE("the prompts for further parts are made and read alike") {
  CHECK(signature_part_prompt(2) == "Signature, part 2: ");
  CHECK(part_in_signature_prompt("Signature, part 2: ") == 2U);
  CHECK(part_in_signature_prompt("(kim@gate) Signature, part 40:") == 40U);
  for (const char* const other :
       {"Signature: ", "Signature, part : ", "Signature, part 1: ", "Signature, part 41: ",
        "Signature, part 02: ", "Signature, part 2: x", "signature, part 2: "})
    CHECK_FALSE(part_in_signature_prompt(other));
}
