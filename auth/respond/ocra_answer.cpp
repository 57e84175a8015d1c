// Runs in: sallyport-respond (as the representative).
#include "auth/respond/ocra_answer.h"

#include "auth/ocra.h"
#include "auth/ocra_mutual.h"
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
  bool mutual = false;
};

Result<Enrolled> read_enrolled(const Options& options) {
  auto file = options.secret_file;
  if (!file) {
    ASSIGN_OR_RETURN(file, default_secret_file());
  }
  ASSIGN_OR_RETURN(auto enrolment, read_enrolment(*file));
  const auto name = options.suite ? *options.suite : enrolment.suite.value_or(std::string{kDefaultOcraSuite});
  ASSIGN_OR_RETURN(auto suite, OcraSuite::parse(name));
  const bool mutual = enrolment.mutual || options.mutual;
  return Enrolled{*file, std::move(enrolment), std::move(suite), mutual};
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

// Which side has said what: with mutual authentication nothing is answered to whoever cannot answer first.
std::optional<Refusal> judge_exchange(const AskedQuestion& asked,
                                      const std::optional<std::string>& own_question, bool mutual) {
  if (asked.gate_answer.empty() && (mutual || own_question))
    return Refusal{
        "the gate has not answered a question of yours first, as it must: it may be a false one (by hand: "
        "--mutual)"};
  if (!asked.gate_answer.empty() && !own_question)
    return Refusal{
        "the gate answers a question that you did not put to it (each prompt must come from the same ssh; by "
        "hand: --mutual)"};
  return std::nullopt;
}

Result<std::optional<Refusal>> judge_gate_answer(const Options& options, const Enrolled& enrolled,
                                                 const OcraInput& response, const AskedQuestion& asked,
                                                 const std::string& own_question) {
  OcraInput input;
  input.question = own_question;
  input.second_question = asked.question;
  input.session_information = response.session_information;
  input.time_step = response.time_step;
  if (enrolled.suite.has_counter()) {
    input.counter = options.counter;
    if (!input.counter) {
      ASSIGN_OR_RETURN(input.counter, next_counter(enrolled.file));
    }
  }
  ASSIGN_OR_RETURN(const bool right,
                   gate_answer_is_right(enrolled.suite, enrolled.enrolment.key, input, asked.gate_answer));
  if (right) return std::nullopt;
  return Refusal{
      "the gate's answer to your question is wrong: it is a false gate, or you have no grant at it now"};
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

// Whatever can be judged before anything is computed. `place` is completed from the options where need be.
Result<std::optional<Refusal>> judge(const Answering& answering, const Enrolled& enrolled,
                                     AskedQuestion& asked) {
  const auto& options = answering.options;
  const bool bound = enrolled.suite.session_length() && !options.session;
  if (bound && !asked.place) {
    ASSIGN_OR_RETURN(asked.place, place_from_options(options));
  }
  if (auto refusal = check_expected(options.expected, asked, bound)) return refusal;
  if (!bound) return std::nullopt;
  return judge_place(answering, *asked.place);
}

}  // namespace

Result<Reply> answer_question(const Answering& answering, const AskedQuestion& said,
                              const std::optional<std::string>& own_question) {
  const auto& options = answering.options;
  ASSIGN_OR_RETURN(const auto enrolled, read_enrolled(options));
  auto asked = said;
  if (auto refusal = judge_exchange(asked, own_question, enrolled.mutual)) return *std::move(refusal);
  ASSIGN_OR_RETURN(auto refusal, judge(answering, enrolled, asked));
  if (refusal) return *std::move(refusal);
  OcraInput input;
  input.question = asked.question;
  input.second_question = own_question.value_or("");
  ASSIGN_OR_RETURN(input.session_information, session_for(options, enrolled, asked.place));
  if (enrolled.suite.time_step())
    input.time_step = time_step_at(enrolled.suite, answering.now().time_since_epoch());
  if (own_question) {
    ASSIGN_OR_RETURN(refusal, judge_gate_answer(options, enrolled, input, asked, *own_question));
    if (refusal) return *std::move(refusal);
  }
  RETURN_IF_ERROR(complete(input, answering, enrolled));
  ASSIGN_OR_RETURN(auto response, ocra(enrolled.suite, enrolled.enrolment.key, input));
  return Answer{{std::move(response)}};
}

bool is_enrolled_mutually(const Options& options) {
  const auto enrolled = read_enrolled(options);
  return enrolled && enrolled->mutual;
}

Result<std::string> draw_own_question(const Options& options, Random& random) {
  ASSIGN_OR_RETURN(const auto enrolled, read_enrolled(options));
  return draw_question(enrolled.suite, random);
}

}  // namespace sallyport
