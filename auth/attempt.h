// Attempt: everything that decides whether one connection is let in, as one object. Pure. Runs in:
// sallyportd.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/result.h"

namespace sallyport {

enum class LoginPhase : std::uint8_t { new_peer, password_given, response_given, admitted, refused };
enum class LoginEvent : std::uint8_t { password, response, accept, try_again, refuse };

// What is not listed is refused; admitted and refused have no row of their own.
struct LoginEdge {
  LoginPhase from;
  LoginEvent on;
  LoginPhase to;
};
inline constexpr std::array kLoginEdges{
    LoginEdge{LoginPhase::new_peer, LoginEvent::password, LoginPhase::password_given},
    LoginEdge{LoginPhase::password_given, LoginEvent::response, LoginPhase::response_given},
    LoginEdge{LoginPhase::response_given, LoginEvent::accept, LoginPhase::admitted},
    LoginEdge{LoginPhase::response_given, LoginEvent::try_again, LoginPhase::new_peer},
    LoginEdge{LoginPhase::response_given, LoginEvent::refuse, LoginPhase::refused},
};
constexpr std::optional<LoginPhase> next(LoginPhase from, LoginEvent on) {
  for (const auto& edge : kLoginEdges)
    if (edge.from == from && edge.on == on) return edge.to;
  return std::nullopt;
}
static_assert(!next(LoginPhase::new_peer, LoginEvent::accept), "nobody gets in unasked");
static_assert(!next(LoginPhase::password_given, LoginEvent::accept), "a password alone opens nothing");
static_assert(!next(LoginPhase::new_peer, LoginEvent::response), "no response before its question");
static_assert(!next(LoginPhase::response_given, LoginEvent::response), "a question is good for one answer");
static_assert(!next(LoginPhase::refused, LoginEvent::password), "refused is the end");

// Whether the name belongs to a rep who has a grant that this connection may use.
enum class Standing : std::uint8_t { stranger, expected };
enum class CheckVerdict : std::uint8_t { bad, good };

struct AttemptLimits {
  std::uint32_t tries = 3;  // complete logins on one connection
  std::chrono::seconds question_lifetime{120};
  std::chrono::milliseconds refusal_step{2000};
};

// The moment at which a failed login is answered (I11): a whole number of steps, at least one, after the
// response came, and not before both verdicts are in. So the time depends on the response alone as long as
// both checks take less than a step, however much they differ between a known and an unknown name.
BootTime refuse_at(BootTime response_received, BootTime verdicts_complete, std::chrono::milliseconds step);

// One connection's logins, one after the other. A call that the phase does not allow is an Error, which ends
// the peer; nothing has changed then.
class Attempt {
 public:
  explicit Attempt(AttemptLimits limits) : limits_(limits) {}

  // The rep's name and password have come; `question` was drawn for this try alone, also for a stranger.
  Done password_given(Standing standing, std::string question, BootTime now);
  // The answer to question() has come. It is used up, whatever the answer was. A late answer can no longer be
  // good; it is checked all the same, so that lateness looks like any other failure.
  Done response_given(BootTime now);

  // Each once a try. The password's may come before or after the response; the response's only after it.
  // A helper that died or ran out of time is CheckVerdict::bad.
  Done password_verdict(CheckVerdict verdict, BootTime now);
  Done response_verdict(CheckVerdict verdict, BootTime now);

  // Both verdicts are in: conclude() may be called.
  bool complete() const noexcept;
  // The whole rule: an expected rep, a good password, a good response in time, all of this try.
  bool accepted() const noexcept;
  // When to tell a peer that was not accepted. Needs complete().
  BootTime refusal_time() const;

  enum class Outcome : std::uint8_t { admitted, try_again, refused };
  // Moves on: admitted; or the next try, which starts from nothing; or refused for good.
  Result<Outcome> conclude();

  LoginPhase phase() const noexcept { return phase_; }
  std::uint32_t try_number() const noexcept { return try_number_; }  // from 1
  bool last_try() const noexcept { return try_number_ >= limits_.tries; }
  Standing standing() const noexcept { return current_.standing; }
  // Only of the try that is under way; empty before its password.
  const std::string& question() const noexcept { return current_.question; }

 private:
  // Everything known of one try. A new try is a new object: nothing good is carried over from an earlier one.
  struct Try {
    Standing standing = Standing::stranger;
    std::string question;
    BootTime asked_at, response_at, complete_at;
    bool in_time = false;
    std::optional<CheckVerdict> password, response;
  };
  Result<LoginPhase> allowed(LoginEvent event) const;
  void note_completion(BootTime now);

  AttemptLimits limits_;
  LoginPhase phase_ = LoginPhase::new_peer;
  std::uint32_t try_number_ = 1;
  Try current_;
};

}  // namespace sallyport
