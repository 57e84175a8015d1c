// Answering ssh, prompt by prompt: each is a process of its own. Runs in: sallyport-respond (as the
// representative).
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "auth/respond/answer.h"
#include "auth/respond/carried.h"
#include "auth/respond/ocra_answer.h"
#include "auth/respond/output.h"
#include "auth/respond/private_file.h"
#include "auth/respond/signature_answer.h"
#include "gateway/wire/prompt.h"

namespace sallyport {

namespace {

Result<Outcome> refuse(const Answering& answering, const Refusal& refusal) {
  answering.person.show(fmt::format("sallyport-respond: refused: {}", refusal.why));
  return Outcome::refused;
}

// The first part is the answer to this prompt, the others wait for theirs.
Done keep_parts(const Answering& answering, const ChallengeText& said,
                const std::vector<std::string>& parts) {
  ASSIGN_OR_RETURN(const auto file, CarriedFile::of_this_connection(CarriedKind::signature));
  file.forget();
  if (parts.size() == 1) return {};
  Carried carried{said.nonce, 2, {}, answering.now() + (said.expires - said.time)};
  for (auto part = parts.begin() + 1; part != parts.end(); ++part) carried.rest += *part;
  return file.put(carried, answering.now());
}

Result<Reply> next_part(const Answering& answering, NextPart asked) {
  ASSIGN_OR_RETURN(const auto file, CarriedFile::of_this_connection(CarriedKind::signature));
  ASSIGN_OR_RETURN(auto carried, file.take(answering.now()));
  if (!carried || carried->next_part != asked.number)
    return Refusal{
        fmt::format("part {} of a signature is asked for, and there is none to give (each prompt must come "
                    "from the same ssh; "
                    "a script in between has to begin with exec)",
                    asked.number)};
  auto parts = cut_in_parts(carried->rest);
  if (parts.size() > 1) {
    carried->rest.erase(0, parts.front().size());
    ++carried->next_part;
    RETURN_IF_ERROR(file.put(*carried, answering.now()));
  }
  return Answer{{std::move(parts.front())}};
}

Result<Reply> sign(const Answering& answering, const TextToSign& text) {
  ASSIGN_OR_RETURN(auto reply, answer_signature(answering, text));
  if (const auto* answer = std::get_if<Answer>(&reply))
    RETURN_IF_ERROR(keep_parts(answering, text.said(), answer->parts));
  return reply;
}

// What was put to this gate before, if anything; used up.
Result<Reply> respond_to(const Answering& answering, const AskedQuestion& asked) {
  ASSIGN_OR_RETURN(const auto file, CarriedFile::of_this_connection(CarriedKind::question));
  ASSIGN_OR_RETURN(const auto carried, file.take(answering.now()));
  return answer_question(answering, asked, carried ? std::optional{carried->rest} : std::nullopt);
}

Result<Reply> question_for_gate(const Answering& answering) {
  constexpr std::chrono::minutes keep_for{10};
  SystemRandom random;
  ASSIGN_OR_RETURN(auto question, draw_own_question(answering.options, random));
  ASSIGN_OR_RETURN(const auto file, CarriedFile::of_this_connection(CarriedKind::question));
  RETURN_IF_ERROR(file.put({{}, 0, question, answering.now() + keep_for}, answering.now()));
  return Answer{{std::move(question)}};
}

const char* hint() {
  const char* text = std::getenv("SSH_ASKPASS_PROMPT");
  return text == nullptr ? "" : text;
}

bool is_password_prompt(std::string_view prompt) {
  const auto text = without_host(prompt);
  return text == kPasswordPrompt || text == kPasswordPrompt.substr(0, kPasswordPrompt.size() - 1);
}

// A line of a file for scripts; never from an argument or a variable, which others can see (I9).
Result<Secret> password_from(const char* path) {
  ASSIGN_OR_RETURN(const auto text, read_private_file(path));
  return Secret{text.reveal().substr(0, text.reveal().find_first_of("\r\n"))};
}

// The person's, not ours: a password, a passphrase, a target's own question.
Result<Outcome> hand_on(const Answering& answering, std::string_view prompt) {
  if (std::string_view{hint()} == "none") {  // "touch your security key": nothing to answer
    answering.person.show(prompt);
    return Outcome::answered;
  }
  const char* password_file = std::getenv("SALLYPORT_PASSWORD_FILE");
  const bool by_file = password_file != nullptr && *password_file != '\0' && is_password_prompt(prompt);
  const bool in_clear =
      std::string_view{hint()} == "confirm" || prompt.find("(yes/no") != std::string_view::npos;
  ASSIGN_OR_RETURN(const auto typed, by_file ? password_from(password_file)
                                             : answering.person.ask(prompt, in_clear ? Echo::on : Echo::off));
  RETURN_IF_ERROR(print_line(typed.reveal()));
  return Outcome::answered;
}

struct Replies {
  const Answering& answering;
  Result<Reply> operator()(const AskedQuestion& asked) const { return respond_to(answering, asked); }
  Result<Reply> operator()(const TextToSign& text) const { return sign(answering, text); }
  Result<Reply> operator()(const NextPart& part) const { return next_part(answering, part); }
  Result<Reply> operator()(const Refusal& refusal) const { return refusal; }
  Result<Reply> operator()(const QuestionForGate&) const { return question_for_gate(answering); }
  Result<Reply> operator()(const OtherPrompt&) const { return fail("not for us to answer"); }
};

// The variables of the options that stood before "--".
Done export_options(const Options& options) {
  std::error_code error;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error) return tl::unexpected{Error{"finding this program's own file", error.value()}};
  ::setenv("SSH_ASKPASS", self.c_str(), 1);
  ::setenv("SSH_ASKPASS_REQUIRE", "force", 1);
  for (const auto& [name, value] : options.inherited) ::setenv(name.c_str(), value.c_str(), 1);
  return {};
}

}  // namespace

Result<Outcome> answer_ssh(const Options& options) {
  RealPerson person{options.ask_with};
  const SystemClock clock;
  const auto& text = *options.text;
  const Answering answering{options, person, clock, host_in_prompt(text)};
  const auto prompt = read_prompt(text);
  if (std::holds_alternative<OtherPrompt>(prompt)) return hand_on(answering, text);
  ASSIGN_OR_RETURN(const auto reply, std::visit(Replies{answering}, prompt));
  if (const auto* refusal = std::get_if<Refusal>(&reply)) return refuse(answering, *refusal);
  RETURN_IF_ERROR(print_line(std::get<Answer>(reply).parts.front()));
  return Outcome::answered;
}

Done run_command(const Options& options) {
  RETURN_IF_ERROR(export_options(options));
  ::execvp(options.command[0], options.command);
  return fail_errno("starting {}", options.command[0]);
}

}  // namespace sallyport
