// Portal: the login by two forms, or three, the status page and the logout. What SSH does in one dialogue is
// here spread over requests, each bound to the one before by a fresh cookie. Pure; runs in: sallyport-https.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/random.h"
#include "base/result.h"
#include "base/secret.h"
#include "gateway/https/http/request_head.h"
#include "gateway/https/pages.h"

namespace sallyport {

// What the portal asks of the monitor.
class Gatekeeper {
 public:
  virtual ~Gatekeeper() = default;
  // The challenge; QuestionWanted where the rep puts a question to the gate first (mutual authentication).
  using AfterPassword = std::variant<Challenge, QuestionWanted, KeyChallenge>;
  virtual Result<AfterPassword> challenge(const std::string& user, const Secret& password) = 0;
  // The challenge, with the gate's answer to that question.
  virtual Result<std::string> question(const Secret& question) = 0;
  enum class Verdict { admitted, try_again, refused };
  virtual Result<Verdict> answer(const Secret& response) = 0;
  virtual void leave() = 0;  // logout
};

class Portal {
 public:
  struct Session {
    std::string name, facts;
  };
  Portal(Pages pages, Gatekeeper& gatekeeper, Random& random)
      : pages_(std::move(pages)), gatekeeper_(&gatekeeper), random_(&random) {}

  static bool is_portal(const http::RequestHead& request) { return request.path().starts_with(kPortal); }
  // Whether this is the rep whose session it is: what is let through to the target.
  bool is_logged_in(const http::RequestHead& request) const;
  // One of the portal's own paths. `body`: of a form. Nothing when the monitor has just admitted the rep:
  // then the worker goes to the target and says what came of it; an Error is the sentence for the rep.
  std::optional<Reply> serve(const http::RequestHead& request, std::string_view body);
  Reply entered(Result<Session> session);
  // What a path of the target's shows to who is not logged in: nothing of it.
  Reply stranger(const http::RequestHead& request) const;

  void warn(std::string_view sentence) { warning_ = sentence; }
  void end(std::string_view reason);
  bool has_ended() const noexcept { return state_ == State::ended; }
  const Pages& pages() const noexcept { return pages_; }

 private:
  using AfterPassword = Gatekeeper::AfterPassword;
  enum class State { nobody, wants_question, challenged, entering, logged_in, ended };
  Reply log_in(const http::RequestHead& request, std::string_view body);
  Reply take_question(const http::RequestHead& request, std::string_view body);
  // The open form of a login that has begun.
  Reply ask();
  bool is_asking() const noexcept { return state_ == State::wants_question || state_ == State::challenged; }
  std::optional<Reply> answer(const http::RequestHead& request, std::string_view body);
  Reply log_out();
  Reply begin(std::string_view notice = "");
  bool holds(const http::RequestHead& request, std::string_view name, const Secret& id) const;
  // A new id each time, so that one that was seen or planted before is worth nothing after.
  void give_id(Reply& reply, std::string_view name, Secret& id);

  Pages pages_;
  Gatekeeper* gatekeeper_;
  Random* random_;
  State state_ = State::nobody;
  Secret login_id_, session_id_;
  Session session_;
  AfterPassword asked_;
  std::string warning_, end_reason_;
};

}  // namespace sallyport
