// Runs in: sallyport-ssh.
#include "gateway/ssh/login.h"

#include "auth/challenge_text.h"
#include "auth/signature_parts.h"
#include "gateway/ssh/algorithms.h"
#include "gateway/wire/prompt.h"

namespace sallyport {

namespace {

using Verdict = std::variant<Admitted, NotAdmitted>;

// What an abandoned dialogue gives is empty, hence wrong.
struct Given {
  Secret text;
  bool abandoned = false;
};

Result<Given> ask_for(RepSide& rep, const std::string& prompt) {
  auto typed = rep.ask({"", "", {{prompt, true}}});
  if (typed) return Given{std::move(typed->front())};
  if (typed.error().code() == kAbandoned) return Given{{}, true};
  return tl::unexpected{typed.error()};
}

// The answer to a challenge, through as many prompts as it needs.
Result<Given> ask_response(RepSide& rep, const std::string& prompt) {
  SignatureParts parts;
  auto text = prompt;
  for (;;) {
    ASSIGN_OR_RETURN(const auto given, ask_for(rep, text));
    if (given.abandoned) return Given{{}, true};
    if (parts.add(given.text) == SignatureParts::Next::complete) return Given{parts.take()};
    text = signature_part_prompt(parts.next_part());
  }
}

// Mutual authentication: the gate wants a question first, which its challenge then answers.
Result<Challenge> ask_challenge(RepSide& rep, MonitorClient& monitor, const std::string& user,
                                const Secret& password, bool& abandoned) {
  ASSIGN_OR_RETURN(auto next, monitor.ask_password(user, password));
  if (auto* const challenge = std::get_if<Challenge>(&next)) return std::move(*challenge);
  if (!std::holds_alternative<QuestionWanted>(next))
    return fail("the monitor asks for what SSH cannot answer");
  ASSIGN_OR_RETURN(const auto question, ask_for(rep, std::string{kQuestionPrompt}));
  abandoned = question.abandoned;
  return monitor.ask_question(question.text);
}

// One complete try. An abandoned dialogue is a failed try: after the password the monitor waits for a
// response, and an empty one is wrong.
Result<Verdict> try_once(RepSide& rep, MonitorClient& monitor, const std::string& user) {
  auto passwords = rep.ask({"", "", {{std::string{kPasswordPrompt}, false}}});
  if (!passwords && passwords.error().code() == kAbandoned) return Verdict{NotAdmitted{true}};
  if (!passwords) return tl::unexpected{passwords.error()};
  Given response;
  ASSIGN_OR_RETURN(const auto challenge,
                   ask_challenge(rep, monitor, user, passwords->front(), response.abandoned));
  if (!response.abandoned) {
    ASSIGN_OR_RETURN(response, ask_response(rep, challenge.prompt));
  }
  ASSIGN_OR_RETURN(auto verdict, monitor.ask_answer(response.text));
  if (std::holds_alternative<NotAdmitted>(verdict) && !response.abandoned)
    RETURN_IF_ERROR(rep.reject());  // an abandoned attempt gets no reply (RFC 4252 section 5.1)
  return verdict;
}

Done admit_once(RepSide& rep, MonitorClient& monitor, std::uint32_t tries) {
  for (std::uint32_t used = 0; used < tries; ++used) {
    ASSIGN_OR_RETURN(const auto user, rep.await_attempt());
    ASSIGN_OR_RETURN(const auto verdict, try_once(rep, monitor, user));
    const auto* const refused = std::get_if<NotAdmitted>(&verdict);
    if (refused == nullptr) return {};
    if (!refused->again) break;
  }
  return fail("too many failed logins");
}

TargetResult<TargetSide> enter_target(RepSide& rep, MonitorClient& monitor, GrantedTarget&& granted,
                                      const Clock& clock) {
  auto target = TargetSide::connect(std::move(granted), monitor, rep, clock);
  if (!target) return target;
  if (auto entered = target->log_in(); !entered) return tl::unexpected{entered.error()};
  return target;
}

Result<std::variant<LoggedIn, NoTarget>> without_target(RepSide& rep, std::string sentence) {
  RETURN_IF_ERROR(rep.admit());
  return NoTarget{std::move(sentence)};
}

}  // namespace

Result<std::variant<LoggedIn, NoTarget>> log_in(RepSide& rep, MonitorClient& monitor, std::uint32_t tries,
                                                const Clock& clock) {
  RETURN_IF_ERROR(admit_once(rep, monitor, tries));

  auto granted = monitor.ask_target();
  if (monitor.end()) return fail("{}", *monitor.end());
  if (!granted) return without_target(rep, granted.error().message());

  auto target = enter_target(rep, monitor, *std::move(granted), clock);
  if (monitor.end()) return fail("{}", *monitor.end());
  if (!target && target.error().rep_left) return fail("{}", target.error().detail);
  if (!target) {
    ASSIGN_OR_RETURN(auto sentence, monitor.ask_target_failed(target.error().fault, target.error().detail));
    return without_target(rep, std::move(sentence));
  }

  auto connected = monitor.ask_connected({negotiated(rep.leg().get()), negotiated(target->leg().get())});
  if (monitor.end()) return fail("{}", *monitor.end());
  if (!connected) return without_target(rep, connected.error().message());
  RETURN_IF_ERROR(rep.admit());
  return LoggedIn{*std::move(target), std::move(connected->notice), connected->channels};
}

}  // namespace sallyport
