// Runs in: sallyportd.
#include "auth/attempt.h"

#include <algorithm>

#include "base/check.h"

namespace sallyport {

BootTime refuse_at(BootTime response_received, BootTime verdicts_complete, std::chrono::milliseconds step) {
  our_bug(step.count() <= 0, "refusal step");
  const auto taken = std::max(verdicts_complete - response_received, BootClock::duration{0});
  const auto width = BootClock::duration{step};
  const auto steps = std::max<BootClock::rep>((taken + width - BootClock::duration{1}) / width, 1);
  return response_received + steps * width;
}

Done Attempt::password_given(Standing standing, std::string question, BootTime now) {
  ASSIGN_OR_RETURN(phase_, allowed(LoginEvent::password));
  our_bug(question.empty(), "a login without a question");
  current_ = Try{};
  current_.standing = standing;
  current_.question = std::move(question);
  current_.asked_at = now;
  return {};
}

Done Attempt::response_given(BootTime now) {
  ASSIGN_OR_RETURN(phase_, allowed(LoginEvent::response));
  current_.response_at = now;
  current_.in_time = now < current_.asked_at + limits_.question_lifetime;
  return {};
}

Done Attempt::password_verdict(CheckVerdict verdict, BootTime now) {
  const bool awaited = phase_ == LoginPhase::password_given || phase_ == LoginPhase::response_given;
  if (!awaited || current_.password) return fail("a password verdict that nobody asked for");
  current_.password = verdict;
  note_completion(now);
  return {};
}

Done Attempt::response_verdict(CheckVerdict verdict, BootTime now) {
  if (phase_ != LoginPhase::response_given || current_.response)
    return fail("a response verdict that nobody asked for");
  current_.response = verdict;
  note_completion(now);
  return {};
}

bool Attempt::complete() const noexcept {
  return phase_ == LoginPhase::response_given && current_.password && current_.response;
}

bool Attempt::accepted() const noexcept {
  return complete() && current_.standing == Standing::expected && current_.password == CheckVerdict::good &&
         current_.response == CheckVerdict::good && current_.in_time;
}

BootTime Attempt::refusal_time() const {
  our_bug(!complete(), "refusal time before both verdicts");
  return refuse_at(current_.response_at, current_.complete_at, limits_.refusal_step);
}

Result<Attempt::Outcome> Attempt::conclude() {
  if (!complete()) return fail("a login concluded before both verdicts");
  if (accepted()) {
    ASSIGN_OR_RETURN(phase_, allowed(LoginEvent::accept));
    return Outcome::admitted;
  }
  if (last_try()) {
    ASSIGN_OR_RETURN(phase_, allowed(LoginEvent::refuse));
    current_ = Try{};
    return Outcome::refused;
  }
  ASSIGN_OR_RETURN(phase_, allowed(LoginEvent::try_again));
  ++try_number_;
  current_ = Try{};
  return Outcome::try_again;
}

Result<LoginPhase> Attempt::allowed(LoginEvent event) const {
  const auto to = next(phase_, event);
  if (!to) return fail("login step {} in phase {}", static_cast<int>(event), static_cast<int>(phase_));
  return *to;
}

void Attempt::note_completion(BootTime now) {
  if (complete()) current_.complete_at = now;
}

}  // namespace sallyport
