// The gate's own pages: plain HTML that works without scripts but for WebAuthn's, for screens of any size and
// for screen readers. Pure; runs in: sallyport-https.
#pragma once

#include <string>
#include <string_view>

#include "gateway/https/http/response_head.h"
#include "gateway/wire/message.h"

namespace sallyport {

// Where the gate's own pages are; every other path is the target's.
inline constexpr std::string_view kPortal = "/.sallyport/";
inline constexpr std::string_view kLoginPath = "/.sallyport/login", kQuestionPath = "/.sallyport/question",
                                  kAnswerPath = "/.sallyport/answer", kStatusPath = "/.sallyport/status",
                                  kLogoutPath = "/.sallyport/logout";

struct Reply {
  http::ResponseHead head;
  std::string body;
};

class Pages {
 public:
  Pages(std::string banner, std::string gate) : banner_(std::move(banner)), gate_(std::move(gate)) {}

  // `notice`: what went wrong before, or nothing.
  Reply login(std::string_view notice = "") const;
  // Where the gate answers a question of the rep's before the rep answers the gate's.
  Reply question() const;
  // As SSH prompts it (auth/question.h, auth/challenge_text.h); a text to be signed stands by itself, to
  // copy.
  Reply challenge(std::string_view prompt) const;
  // The same for a WebAuthn key: the one page with a script (gateway/https/key_page.h).
  Reply challenge(const KeyChallenge& asked) const;
  // `facts`: one sentence: target, that it is recorded, when it ends. `warning`: the latest, or nothing.
  Reply status(std::string_view session, std::string_view facts, std::string_view warning) const;
  Reply ended(std::string_view reason) const;
  // Somebody at this address is logging in or at work already.
  Reply taken() const;
  Reply fault(int status, std::string_view why) const;
  static Reply redirect(std::string_view path);

 private:
  // `script`: the source that the page's policy allows, or nothing.
  Reply page(int status, std::string_view title, std::string_view content,
             std::string_view script = "") const;
  std::string banner_, gate_;
};

// "Bad Request" for 400.
std::string_view reason_phrase(int status);

}  // namespace sallyport
