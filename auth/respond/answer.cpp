// Runs in: sallyport-respond (as the representative).
#include "auth/respond/answer.h"

#include <unistd.h>

#include <cstdlib>

#include "auth/ocra_suite.h"
#include "auth/respond/check_challenge.h"
#include "auth/respond/ocra_answer.h"
#include "auth/respond/output.h"
#include "auth/respond/private_file.h"
#include "auth/respond/signature_answer.h"
#include "base/escape.h"

namespace sallyport {

namespace {

// All of standard input, up to a limit that a challenge does not reach.
Result<Secret> read_standard_input() {
  std::string text(kLongestPrompt, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const auto got = ::read(STDIN_FILENO, text.data() + size, text.size() - size);
    if (got < 0 && errno != EINTR) return fail_errno("reading standard input");
    if (got == 0) break;
    if (got > 0) size += static_cast<std::size_t>(got);
  }
  if (size == text.size()) return fail("standard input is too long");
  text.resize(size);
  return Secret::taking(std::move(text));
}

Result<Secret> ask(std::string_view prompt, Echo echo) {
  return isatty(STDIN_FILENO) != 0 ? ask_on_terminal(prompt, echo) : read_standard_input();
}

// Pasted whole, the prompt for a signature has two lines, of which the terminal hands over one at a time.
Result<std::string> ask_challenge() {
  ASSIGN_OR_RETURN(const auto first, ask("Challenge: ", Echo::on));
  std::string text{first.reveal()};
  if (text.find("Sign to open ") == std::string::npos || text.find('\n') != std::string::npos) return text;
  ASSIGN_OR_RETURN(const auto second, ask("", Echo::on));
  return text + "\n" + std::string{second.reveal()};
}

Result<Challenge> challenge_for(const Options& options) {
  if (options.text) return read_challenge(*options.text);
  ASSIGN_OR_RETURN(const auto typed, ask_challenge());
  return read_challenge(typed);
}

// A response of 0 digits is hex in lower case (auth/ocra.h).
std::string lower_case(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

Result<Reply> reply_to(const Answering& answering, const Challenge& challenge) {
  if (const auto* asked = std::get_if<AskedQuestion>(&challenge))
    return answer_question(answering, *asked, {});
  if (const auto* text = std::get_if<TextToSign>(&challenge)) return answer_signature(answering, *text);
  return std::get<Refusal>(challenge);
}

// Over the telephone, or typed into ssh: our question first, then what the gate says to it, then its own.
Result<Reply> reply_mutually(const Answering& answering) {
  SystemRandom random;
  ASSIGN_OR_RETURN(const auto question, draw_own_question(answering.options, random));
  answering.person.show(fmt::format("Your question for the gate: {}", grouped(question)));
  ASSIGN_OR_RETURN(const auto said, answering.person.ask("The gate answers: ", Echo::on));
  if (const auto whole = asked_in_prompt(said.reveal())) return answer_question(answering, *whole, question);
  ASSIGN_OR_RETURN(const auto typed, answering.person.ask("Challenge: ", Echo::on));
  const auto challenge = read_challenge(typed.reveal());
  const auto* asked = std::get_if<AskedQuestion>(&challenge);
  if (asked == nullptr) return Refusal{"this is not a question of the kind that --mutual is for"};
  auto both = *asked;
  both.gate_answer = lower_case(ungrouped(said.reveal()));
  return answer_question(answering, both, question);
}

Result<Reply> reply_for(const Answering& answering) {
  const auto& options = answering.options;
  // What is piped in is a challenge; only a person at a terminal can carry a question to the gate first.
  const bool mutual = options.mutual || (isatty(STDIN_FILENO) != 0 && is_enrolled_mutually(options));
  if (mutual && !options.text) return reply_mutually(answering);
  ASSIGN_OR_RETURN(const auto challenge, challenge_for(answering.options));
  return reply_to(answering, challenge);
}

// On standard error, in lines as they are meant; with --json on standard output too.
Result<Outcome> refuse(const Options& options, const Refusal& refusal) {
  if (options.json) RETURN_IF_ERROR(print_line(to_json({{"refused", refusal.why}})));
  std::fprintf(stderr, "sallyport-respond: refused: %s\n", presentable(refusal.why).c_str());
  return Outcome::refused;
}

Done print_answer(const Options& options, const Answer& answer) {
  if (options.json) return print_line(to_json({{"answer", answer.parts}}));
  for (const auto& line : lines_of(answer)) RETURN_IF_ERROR(print_line(line));
  return {};
}

std::string as_json(const ChallengeText& said) {
  return to_json({{"method", "ssh-signature"},
                  {"gateway", said.gateway},
                  {"host-key", said.host_key},
                  {"grant", said.grant},
                  {"rep", said.rep},
                  {"target", said.target},
                  {"services", said.services},
                  {"time", to_rfc3339(said.time).substr(0, 19) + "Z"},
                  {"expires", to_rfc3339(said.expires).substr(0, 19) + "Z"},
                  {"nonce", said.nonce}});
}

std::string as_json(const AskedQuestion& asked) {
  if (!asked.place) return to_json({{"method", "ocra"}, {"question", asked.question}});
  return to_json({{"method", "ocra"},
                  {"question", asked.question},
                  {"gateway", asked.place->gate},
                  {"host-key", asked.place->fingerprint},
                  {"grant", asked.place->grant}});
}

std::string as_text(const ChallengeText& said) {
  const auto now = std::chrono::floor<std::chrono::seconds>(SystemClock{}.wall());
  const auto remark = clock_remark(said, now);
  return in_lines(said, now) + (remark.empty() ? "" : "\n" + remark);
}

std::string as_text(const AskedQuestion& asked) {
  auto text = fmt::format("Question {}", escape_terminal(grouped(asked.question)));
  if (asked.place)
    text += fmt::format("\n  grant     {}\n  gate      {}\n  host key  {}", asked.place->grant,
                        asked.place->gate, asked.place->fingerprint);
  return text;
}

}  // namespace

Result<Outcome> respond(const Options& options) {
  RealPerson person{options.ask_with};
  const SystemClock clock;
  ASSIGN_OR_RETURN(const auto reply, reply_for({options, person, clock, {}}));
  if (const auto* refusal = std::get_if<Refusal>(&reply)) return refuse(options, *refusal);
  RETURN_IF_ERROR(print_answer(options, std::get<Answer>(reply)));
  return Outcome::answered;
}

Result<Outcome> show(const Options& options) {
  ASSIGN_OR_RETURN(const auto challenge, challenge_for(options));
  if (const auto* refusal = std::get_if<Refusal>(&challenge)) return refuse(options, *refusal);
  const auto text = std::visit(
      [&](const auto& one) -> std::string {
        using Kind = std::decay_t<decltype(one)>;
        if constexpr (std::is_same_v<Kind, Refusal>)
          return one.why;
        else if constexpr (std::is_same_v<Kind, TextToSign>)
          return options.json ? as_json(one.said()) : as_text(one.said());
        else
          return options.json ? as_json(one) : as_text(one);
      },
      challenge);
  RETURN_IF_ERROR(print_line(text));
  return Outcome::answered;
}

Done save(const Options& options) {
  auto file = options.secret_file;
  if (!file) {
    ASSIGN_OR_RETURN(file, default_secret_file());
  }
  ASSIGN_OR_RETURN(const auto text, ask("Secret, as given at enrolment: ", Echo::off));
  ASSIGN_OR_RETURN(auto enrolment, parse_enrolment(text));
  if (options.suite) {
    RETURN_IF_ERROR(OcraSuite::parse(*options.suite));
    enrolment.suite = options.suite;
  }
  enrolment.mutual = enrolment.mutual || options.mutual;
  RETURN_IF_ERROR(save_enrolment(*file, enrolment));
  return print_line(fmt::format("Stored in {}, readable by you alone.", file->string()));
}

}  // namespace sallyport
