// The wire between monitor and helper.
#include "auth/helper_message.h"

#include "tests/catch.h"

using namespace sallyport;

namespace {

HelperAsk password_ask() { return CheckPassword{"sallyport", "kim", "192.0.2.7", Secret{"hunter2"}}; }
HelperAsk response_ask() {
  return CheckResponse{"OCRA-1:HOTP-SHA256-8:QA10",
                       "/etc/x",
                       "K7XQM3PDR4",
                       Secret{"1234 5678"},
                       7,
                       1800000000,
                       "ABCDEF",
                       "SHA256",
                       "g-1",
                       "/run/key"};
}

HelperAsk signature_ask() {
  CheckSignature ask;
  ask.keys_file = "/etc/x";
  ask.challenge = "sallyport-challenge-v1\n";
  ask.response = Secret{std::string(16 * 1024, 'U')};
  ask.rep = "kim";
  ask.account = "kim-account";
  ask.source = "192.0.2.7";
  ask.wall_seconds = 1800000000;
  ask.user_verification = true;
  return ask;
}

}  // namespace

TEST_CASE("asks arrive as they were sent") {
  const auto first = decode_helper_ask(encode(password_ask()).reveal());
  const auto& password = std::get<CheckPassword>(first.value());
  CHECK(password.pam_service == "sallyport");
  CHECK(password.account == "kim");
  CHECK(password.remote_host == "192.0.2.7");
  CHECK(password.password.equals("hunter2"));
  const auto second = decode_helper_ask(encode(response_ask()).reveal());
  const auto& response = std::get<CheckResponse>(second.value());
  CHECK(response.suite == "OCRA-1:HOTP-SHA256-8:QA10");
  CHECK(response.secret_file == "/etc/x");
  CHECK(response.question == "K7XQM3PDR4");
  CHECK(response.response.equals("1234 5678"));
  CHECK(response.counter == 7);
  CHECK(response.wall_seconds == 1800000000);
  const auto fourth = decode_helper_ask(encode(signature_ask()).reveal());
  const auto& signature = std::get<CheckSignature>(fourth.value());
  CHECK(signature.keys_file == "/etc/x");
  CHECK(signature.challenge == "sallyport-challenge-v1\n");
  CHECK(signature.response.size() == 16 * 1024);
  CHECK(signature.rep == "kim");
  CHECK(signature.account == "kim-account");
  CHECK(signature.source == "192.0.2.7");
  CHECK(signature.wall_seconds == 1800000000);
  CHECK(signature.user_verification);
  const auto fifth = decode_helper_ask(encode(HelperAsk{CheckAssertion{"/etc/w", "text", Secret{"a.b.c.d"},
                                                                       "kim", "https://gate", "gate", true}})
                                           .reveal());
  const auto& assertion = std::get<CheckAssertion>(fifth.value());
  CHECK(assertion.credentials_file == "/etc/w");
  CHECK(assertion.challenge == "text");
  CHECK(assertion.response.equals("a.b.c.d"));
  CHECK(assertion.rep == "kim");
  CHECK(assertion.origin == "https://gate");
  CHECK(assertion.relying_party == "gate");
  CHECK(assertion.user_verification);
  CHECK(response.second_question == "ABCDEF");
  CHECK(response.gate == "SHA256");
  CHECK(response.grant == "g-1");
  CHECK(response.credential == "/run/key");
  const auto third = decode_helper_ask(
      encode(HelperAsk{AnswerQuestion{"suite", "/etc/x", "QC", "QS", 7, 8, "SHA256", "g-1", "/run/key"}})
          .reveal());
  const auto& question = std::get<AnswerQuestion>(third.value());
  CHECK(question.suite == "suite");
  CHECK(question.secret_file == "/etc/x");
  CHECK(question.question == "QC");
  CHECK(question.second_question == "QS");
  CHECK(question.counter == 7);
  CHECK(question.wall_seconds == 8);
  CHECK(question.gate == "SHA256");
  CHECK(question.grant == "g-1");
  CHECK(question.credential == "/run/key");
}

TEST_CASE("answers arrive as they were sent") {
  const auto first = decode_helper_answer(encode(HelperAnswer{PasswordVerdict{true}}).reveal());
  CHECK(std::get<PasswordVerdict>(first.value()).ok);
  const auto second = decode_helper_answer(encode(HelperAnswer{ResponseVerdict{true, 9, "spoilt"}}).reveal());
  CHECK(std::get<ResponseVerdict>(second.value()).ok);
  CHECK(std::get<ResponseVerdict>(second.value()).next_counter == 9);
  CHECK(std::get<ResponseVerdict>(second.value()).fault == "spoilt");
  const auto third = decode_helper_answer(encode(HelperAnswer{GateAnswer{"12345678"}}).reveal());
  CHECK(std::get<GateAnswer>(third.value()).text == "12345678");
  const SignatureVerdict sent{true, "SHA256:a", "ssh-ed25519", "SHA256:b", 42, "kim@vendor", true, 7};
  const auto fourth = decode_helper_answer(encode(HelperAnswer{sent}).reveal());
  const auto& verdict = std::get<SignatureVerdict>(fourth.value());
  CHECK(verdict.ok);
  CHECK(verdict.key == "SHA256:a");
  CHECK(verdict.key_type == "ssh-ed25519");
  CHECK(verdict.authority == "SHA256:b");
  CHECK(verdict.serial == 42);
  CHECK(verdict.certificate_id == "kim@vendor");
  CHECK(verdict.counts);
  CHECK(verdict.counter == 7);
}

TEST_CASE("what is cut short, too long or of unknown type is refused whole") {
  const auto sent = encode(response_ask());
  const std::string bytes{sent.reveal()};
  for (std::size_t size = 0; size < bytes.size(); ++size)
    CHECK_FALSE(decode_helper_ask(bytes.substr(0, size)));
  CHECK_FALSE(decode_helper_ask(bytes + "x"));
  CHECK_FALSE(decode_helper_ask("\x7f" + bytes.substr(1)));
  CHECK_FALSE(decode_helper_answer(std::string_view{"\x00\x02", 2}));  // a boolean is 0 or 1
}
