// Runs in: sallyport-auth (root, one process a login).
#include "auth/pam/response_check.h"

#include "auth/ocra_mutual.h"
#include "auth/ocra_secret.h"
#include "auth/ocra_session.h"
#include "auth/question.h"
#include "auth/response_window.h"
#include "auth/sealed_secret.h"
#include "base/log.h"

namespace sallyport {

namespace {

template <class AskAboutOcra>
Result<OcraSecret> read_secret(const AskAboutOcra& ask) {
  ASSIGN_OR_RETURN(const auto text, read_stored_secret(ask.secret_file, kSecretFileLimit, ask.credential));
  auto secret = OcraSecret::parse(text);
  if (!secret) return tl::unexpected{secret.error().within(ask.secret_file)};
  return secret;
}

// Of the gate and the grant that the monitor names, whatever the peer says.
template <class AskAboutOcra>
Result<std::optional<std::string>> session_of(const OcraSuite& suite, const AskAboutOcra& ask) {
  if (!suite.session_length()) return std::optional<std::string>{};
  ASSIGN_OR_RETURN(auto session, ocra_session(ask.gate, ask.grant, *suite.session_length()));
  return std::optional{std::move(session)};
}

std::chrono::seconds since_1970(std::uint64_t seconds) {
  return std::chrono::seconds{static_cast<std::int64_t>(seconds)};
}

// As it was meant: a suite with 0 digits answers in hex, which is written in lower case.
Secret as_meant(const OcraSuite& suite, const Secret& typed) {
  auto text = ungrouped(typed.reveal());
  if (suite.digits() == 0)
    for (char& c : text)
      if (c >= 'A' && c <= 'F') c = static_cast<char>(c - 'A' + 'a');
  return Secret::taking(std::move(text));
}

Result<ResponseVerdict> verdict(const CheckResponse& ask) {
  ASSIGN_OR_RETURN(const auto suite, OcraSuite::parse(ask.suite));
  ASSIGN_OR_RETURN(const auto secret, read_secret(ask));
  if (suite.pin_hash() && (!secret.pin || secret.pin->kind != *suite.pin_hash()))
    return fail("{} has no PIN for {}", ask.secret_file, ask.suite);
  const auto response = as_meant(suite, ask.response);
  ResponseClaim claim{ask.question, response, ask.counter, since_1970(ask.wall_seconds), ask.second_question};
  if (suite.pin_hash()) claim.pin_hash = &secret.pin->hash;
  ASSIGN_OR_RETURN(claim.session, session_of(suite, ask));
  ASSIGN_OR_RETURN(const auto next_counter, match_response(suite, secret.key, claim));
  return ResponseVerdict{next_counter.has_value(), next_counter.value_or(0), {}};
}

Result<std::string> own_answer(const AnswerQuestion& ask) {
  ASSIGN_OR_RETURN(const auto suite, OcraSuite::parse(ask.suite));
  ASSIGN_OR_RETURN(const auto secret, read_secret(ask));
  OcraInput input;
  input.question = ask.question;
  input.second_question = ask.second_question;
  if (suite.has_counter()) input.counter = ask.counter;
  if (suite.time_step()) input.time_step = time_step_at(suite, since_1970(ask.wall_seconds));
  ASSIGN_OR_RETURN(input.session_information, session_of(suite, ask));
  return gate_answer(suite, secret.key, input);
}

void complain(const Error& error) {
  log_error(
      "a response could not be checked: {}; if that cannot be mended, enrol the representative again: "
      "sallyport rep enroll",
      error.message());
}

}  // namespace

ResponseVerdict check_response(const CheckResponse& ask) {
  const auto checked = verdict(ask);
  if (checked) return *checked;
  complain(checked.error());
  return {false, 0, checked.error().message().substr(0, limit::fault)};
}

GateAnswer answer_question(const AnswerQuestion& ask) {
  auto made = own_answer(ask);
  if (made) return {*std::move(made)};
  complain(made.error());
  return {};
}

}  // namespace sallyport
