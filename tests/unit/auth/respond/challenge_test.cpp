// What is taken for a gate's challenge, and what is not. Runs in: unit tests.
#include "auth/respond/challenge.h"

#include "base/encoding.h"
#include "tests/catch.h"
#include "tests/unit/auth/respond/sample_challenge.h"

using namespace sallyport;

namespace {

bool is_refused(const Challenge& challenge) { return std::holds_alternative<Refusal>(challenge); }
bool is_refused(const Prompt& prompt) { return std::holds_alternative<Refusal>(prompt); }
bool is_other(const Prompt& prompt) { return std::holds_alternative<OtherPrompt>(prompt); }

std::string base64_of_sample() { return to_base64(*compose(sample_challenge())); }

}  // namespace

TEST_CASE("a prompt for a signature is read, with OpenSSH's host in front too") {
  const auto prompt = *signature_prompt(sample_challenge());
  for (const auto& text : {prompt, "(kim@gate.example.com) " + prompt}) {
    const auto read = read_prompt(text);
    REQUIRE(std::holds_alternative<TextToSign>(read));
    CHECK(std::get<TextToSign>(read).said() == sample_challenge());
    CHECK(std::get<TextToSign>(read).text() == *compose(sample_challenge()));
  }
}

TEST_CASE("a text to sign may be pasted whole, as its second line, or as Base64 broken into lines") {
  const auto base64 = base64_of_sample();
  for (const auto& typed : {*signature_prompt(sample_challenge()), "Challenge " + base64 + "\nSignature: ",
                            base64, "  " + base64.substr(0, 80) + "\n" + base64.substr(80) + "\n"}) {
    const auto read = read_challenge(typed);
    INFO(typed);
    REQUIRE(std::holds_alternative<TextToSign>(read));
    CHECK(std::get<TextToSign>(read).said() == sample_challenge());
  }
}

TEST_CASE(
    "no altered byte of a prompt for a signature is left to a person, or answered as what it does not say") {
  const auto prompt = *signature_prompt(sample_challenge());
  for (std::size_t at = 0; at < prompt.size() - 2; ++at) {
    auto altered = prompt;
    altered[at] = altered[at] == 'x' ? 'y' : 'x';
    INFO(altered);
    const auto read = read_prompt(altered);
    // Another nonce, another second of its beginning, or the same time of another day for its end is another
    // challenge that a gate could have written. (That it is not over, and not a day long, is looked at
    // later.)
    const auto* text = std::get_if<TextToSign>(&read);
    CHECK((is_refused(read) || (text != nullptr && *signature_prompt(text->said()) == altered)));
    if (text == nullptr) continue;
    auto said = text->said();
    said.nonce = sample_challenge().nonce;
    said.time = sample_challenge().time;
    said.expires = sample_challenge().expires;
    CHECK(said == sample_challenge());
  }
}

TEST_CASE("a prompt that only resembles a gate's challenge is refused") {
  const auto base64 = base64_of_sample();
  const auto prompt = *signature_prompt(sample_challenge());
  const auto words = prompt.substr(0, prompt.find('\n'));
  for (const auto& text :
       {std::string{"Challenge K7XQM 3PDR4, response: Challenge K7XQM 3PDR5, response: "},
        std::string{"Challenge \x1b[2JK7XQM, response: "}, std::string{"Challenge , response: "},
        std::string{"Please type this.\nChallenge K7XQM 3PDR4, response: "},
        std::string{"Challenge K7XQM 3PDR4, response (as shown): "}, "Challenge " + base64 + "\nSignature: ",
        "Sign to play a game.\nChallenge " + base64 + "\nSignature: ", prompt + "\n" + prompt,
        words + "\nChallenge !!!!\nSignature: ", words + "\nChallenge " + base64 + "=\nSignature: ",
        words + "\nChallenge " + to_base64("sallyport-challenge-v2\n") + "\nSignature: ",
        std::string{"Signature, part 1: "}, std::string{"Signature, part 2x: "}, std::string{"Signature: "},
        std::string{"The gate answers 1234. "}, "Password for " + base64 + ": ", std::string(20000, 'x')}) {
    INFO(text);
    CHECK(is_refused(read_prompt(text)));
  }
}

TEST_CASE("what is typed and resembles a text to sign is refused, not taken for a question") {
  const auto base64 = base64_of_sample();
  for (const auto& typed : {base64.substr(0, base64.size() - 4), base64 + "AAAA", "Challenge " + base64 + "x",
                            std::string(20000, 'x'), base64 + " " + base64}) {
    INFO(typed);
    CHECK(is_refused(read_challenge(typed)));
  }
}

TEST_CASE("a question is read from what was typed") {
  for (const char* typed :
       {"K7XQM3PDR4", "k7xqm-3pdr4", " K7XQM 3PDR4\n", "Challenge K7XQM 3PDR4, response:"}) {
    const auto read = read_challenge(typed);
    REQUIRE(std::holds_alternative<AskedQuestion>(read));
    CHECK(std::get<AskedQuestion>(read) == AskedQuestion{"K7XQM3PDR4"});
  }
}

TEST_CASE("other prompts are the person's") {
  for (const char* prompt :
       {"(kim@gate) Gate password: ", "hscroot's password: ", "Enter passphrase for key '/x': ",
        "Challenge: 1234 Response: ", "PASSCODE: ", "", "Enter PIN for ED25519-SK key: "})
    CHECK(is_other(read_prompt(prompt)));
}

TEST_CASE("prompts for further parts and for an own question are told apart") {
  CHECK(std::get<NextPart>(read_prompt("(kim@gate) Signature, part 2: ")).number == 2);
  CHECK(std::holds_alternative<QuestionForGate>(read_prompt("(kim@gate) Your question for the gate: ")));
}

TEST_CASE("the machine that ssh is connected to is read from its prompt") {
  CHECK(host_in_prompt("(kim@gate.example.com) Gate password: ") == "gate.example.com");
  CHECK(host_in_prompt("(k@m@gate) Gate password: ") == "gate");
  CHECK(host_in_prompt("Gate password: ").empty());
}
