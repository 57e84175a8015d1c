// Runs in: sallyport-respond (as the representative).
#include "auth/respond/ocra_answer.h"

#include "auth/ocra.h"
#include "auth/ocra_session.h"
#include "auth/respond/check_challenge.h"
#include "auth/respond/known_hosts.h"
#include "auth/respond/private_file.h"

namespace sallyport {

namespace {

struct Enrolled {
  std::filesystem::path file;
  Enrolment enrolment;
  OcraSuite suite;
};

Result<Enrolled> read_enrolled(const Options& options) {
  auto file = options.secret_file;
  if (!file) {
    ASSIGN_OR_RETURN(file, default_secret_file());
  }
  ASSIGN_OR_RETURN(auto enrolment, read_enrolment(*file));
  const auto name = options.suite ? *options.suite : enrolment.suite.value_or(std::string{kDefaultOcraSuite});
  ASSIGN_OR_RETURN(auto suite, OcraSuite::parse(name));
  return Enrolled{*file, std::move(enrolment), std::move(suite)};
}

// Where a response is to serve when the challenge, read aloud or typed, does not say it.
Result<QuestionPlace> place_from_options(const Options& options) {
  const auto& expected = options.expected;
  if (!expected.grant || !expected.gate)
    return fail(
        "your responses are bound to a gate and a grant, and this challenge names neither: say them with "
        "--gate "
        "and --grant, or paste the whole prompt");
  ASSIGN_OR_RETURN(const auto file, known_gates_file());
  ASSIGN_OR_RETURN(const auto known, read_known_gates(file));
  const auto gates = known.named(*expected.gate);
  if (gates.size() != 1)
    return fail("the gate '{}' has {} lines in {}; add it with --add-gate, or paste the whole prompt",
                *expected.gate, gates.size(), file.string());
  return QuestionPlace{*expected.grant, *expected.gate, gates.front().fingerprint};
}

Result<std::optional<Refusal>> judge_place(const Answering& answering, const QuestionPlace& place) {
  ASSIGN_OR_RETURN(auto other_host, check_host(answering.options, answering.host, place.fingerprint));
  if (other_host) return other_host;
  return check_gate(answering, place.gate, place.fingerprint);
}

// S, from the place; or as it was given, for other verifiers than a gate of ours.
Result<std::optional<std::string>> session_for(const Options& options, const Enrolled& enrolled,
                                               const std::optional<QuestionPlace>& place) {
  const auto length = enrolled.suite.session_length();
  if (!length || options.session) return options.session;
  ASSIGN_OR_RETURN(auto session, ocra_session(place->fingerprint, place->grant, *length));
  return std::optional{std::move(session)};
}

// The person's part, and a counter, which is gone once it was taken: both last.
Done complete(OcraInput& input, const Answering& answering, const Enrolled& enrolled) {
  RETURN_IF_ERROR(check_question(enrolled.suite, input.question));
  if (enrolled.suite.pin_hash()) {
    ASSIGN_OR_RETURN(input.pin, answering.person.ask("PIN: ", Echo::off));
  }
  input.counter = answering.options.counter;
  if (enrolled.suite.has_counter() && !input.counter) {
    ASSIGN_OR_RETURN(input.counter, take_counter(enrolled.file));
  }
  return {};
}

}  // namespace

Result<Reply> answer_question(const Answering& answering, const AskedQuestion& asked) {
  const auto& options = answering.options;
  ASSIGN_OR_RETURN(const auto enrolled, read_enrolled(options));
  const bool bound = enrolled.suite.session_length() && !options.session;
  auto place = asked.place;
  if (bound && !place) {
    ASSIGN_OR_RETURN(place, place_from_options(options));
  }
  if (auto refusal = check_expected(options.expected, {asked.question, place, asked.gate_answer}, bound))
    return *std::move(refusal);
  if (bound) {
    ASSIGN_OR_RETURN(auto refusal, judge_place(answering, *place));
    if (refusal) return *std::move(refusal);
  }
  OcraInput input;
  input.question = asked.question;
  ASSIGN_OR_RETURN(input.session_information, session_for(options, enrolled, place));
  if (enrolled.suite.time_step())
    input.time_step = time_step_at(enrolled.suite, answering.now().time_since_epoch());
  RETURN_IF_ERROR(complete(input, answering, enrolled));
  ASSIGN_OR_RETURN(auto response, ocra(enrolled.suite, enrolled.enrolment.key, input));
  return Answer{{std::move(response)}};
}

}  // namespace sallyport
