// Runs in: sallyport-https.
#include "gateway/https/portal.h"

#include "gateway/https/form.h"
#include "gateway/https/http/rewrite.h"

namespace sallyport {

namespace {

// Not the session's: a login page that is opened beside a session, by a link from elsewhere with which no
// SameSite=Strict cookie comes, must not take the session's cookie away.
constexpr std::string_view kLoginCookie = "__Host-sallyport-login";

std::string text(const Secret& secret) { return std::string{secret.reveal()}; }

bool is_form(const http::RequestHead& request) {
  const auto* const type = request.fields.find("Content-Type");
  return type != nullptr && http::starts_with_name(*type, "application/x-www-form-urlencoded");
}

}  // namespace

bool Portal::holds(const http::RequestHead& request, std::string_view name, const Secret& id) const {
  const auto* const cookies = request.fields.find("Cookie");
  if (cookies == nullptr || id.empty()) return false;
  const auto value = http::find_cookie(*cookies, name);
  return value && id.equals(*value);
}

void Portal::give_id(Reply& reply, std::string_view name, Secret& id) {
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  id = Secret::taking(random_text(*random_, kAlphabet, 43));  // 258 bits
  reply.head.fields.add("Set-Cookie",
                        std::string{name} + "=" + text(id) + "; Path=/; Secure; HttpOnly; SameSite=Strict");
}

bool Portal::is_logged_in(const http::RequestHead& request) const {
  return state_ == State::logged_in && holds(request, http::kGateCookie, session_id_);
}

Reply Portal::begin(std::string_view notice) {
  auto reply = pages_.login(notice);
  state_ = State::nobody;
  give_id(reply, kLoginCookie, login_id_);
  return reply;
}

Reply Portal::stranger(const http::RequestHead& request) const {
  if (state_ == State::ended) return pages_.ended(end_reason_);
  // A browser that asks for a page is led to the forms; what a script or a client asks for is told in a word.
  const auto* const accepts = request.fields.find("Accept");
  if (request.method == "GET" && !request.wants_websocket && accepts != nullptr &&
      accepts->find("text/html") != std::string::npos)
    return Pages::redirect(kLoginPath);
  return pages_.fault(401, "log in first");
}

std::optional<Reply> Portal::serve(const http::RequestHead& request, std::string_view body) {
  if (state_ == State::ended) return pages_.ended(end_reason_);
  if (http::is_cross_site(request)) return pages_.fault(403, "asked for by a page of another site");
  const auto path = request.path();
  const bool get = request.method == "GET" || request.method == "HEAD", post = request.method == "POST";
  if (!get && !post) return pages_.fault(405, "this page is not for that");
  if (post && !is_form(request)) return pages_.fault(400, "this is no form");
  if (path == kLoginPath) {
    if (state_ == State::logged_in)
      return is_logged_in(request) ? Pages::redirect(kStatusPath) : pages_.taken();
    if (state_ == State::entering) return pages_.taken();
    // Two challenges are not asked at once: the open one stays until it is answered, or the login's time is
    // over.
    if (is_asking()) return holds(request, kLoginCookie, login_id_) ? ask() : pages_.taken();
    return post ? log_in(request, body) : begin();
  }
  if (path == kQuestionPath && post && state_ == State::wants_question) return take_question(request, body);
  if (path == kAnswerPath && post && state_ == State::challenged) return answer(request, body);
  if (path == kQuestionPath || path == kAnswerPath) return Pages::redirect(kLoginPath);
  if (path != kStatusPath && path != kLogoutPath) return pages_.fault(404, "there is no such page");
  if (!is_logged_in(request)) return Pages::redirect(kLoginPath);
  if (path == kLogoutPath && post) return log_out();
  return pages_.status(session_.name, session_.facts, warning_);
}

Reply Portal::log_in(const http::RequestHead& request, std::string_view body) {
  if (!holds(request, kLoginCookie, login_id_)) return begin();  // nobody but the page of before posts this
  const auto user = form_field(body, "user"), password = form_field(body, "password");
  if (!user || !password) return begin("both fields are needed");
  auto asked = gatekeeper_->challenge(text(*user), *password);
  if (!asked) return end(asked.error().message()), pages_.ended(end_reason_);
  asked_ = *std::move(asked);
  state_ = std::holds_alternative<QuestionWanted>(asked_) ? State::wants_question : State::challenged;
  return ask();
}

// What is no question is an empty one, and fails as a wrong response does.
Reply Portal::take_question(const http::RequestHead& request, std::string_view body) {
  if (!holds(request, kLoginCookie, login_id_)) return pages_.taken();
  auto question = form_field(body, "question");
  auto prompt = gatekeeper_->question(question ? *std::move(question) : Secret{});
  if (!prompt) return end(prompt.error().message()), pages_.ended(end_reason_);
  state_ = State::challenged;
  asked_ = Challenge{*std::move(prompt)};
  return ask();
}

Reply Portal::ask() {
  struct Form {
    const Pages& pages;
    Reply operator()(const QuestionWanted&) const { return pages.question(); }
    Reply operator()(const Challenge& challenge) const { return pages.challenge(challenge.prompt); }
    Reply operator()(const KeyChallenge& challenge) const { return pages.challenge(challenge); }
  };
  auto reply = std::visit(Form{pages_}, asked_);
  give_id(reply, kLoginCookie, login_id_);
  return reply;
}

std::optional<Reply> Portal::answer(const http::RequestHead& request, std::string_view body) {
  if (!holds(request, kLoginCookie, login_id_)) return pages_.taken();
  auto response = form_field(body, "response");
  const auto verdict = gatekeeper_->answer(response ? *std::move(response) : Secret{});
  login_id_ = {};
  if (!verdict) return end(verdict.error().message()), pages_.ended(end_reason_);
  switch (*verdict) {
    case Gatekeeper::Verdict::admitted:
      state_ = State::entering;
      return std::nullopt;
    case Gatekeeper::Verdict::try_again:
      return begin("not admitted");
    case Gatekeeper::Verdict::refused:
      break;
  }
  end("not admitted");
  return pages_.ended(end_reason_);
}

Reply Portal::entered(Result<Session> session) {
  if (state_ == State::ended) return pages_.ended(end_reason_);  // while the way to the target was made
  if (!session) return end(session.error().message()), pages_.ended(end_reason_);
  session_ = *std::move(session);
  state_ = State::logged_in;
  auto reply = Pages::redirect(kStatusPath);
  give_id(reply, http::kGateCookie, session_id_);
  reply.head.fields.add(
      "Set-Cookie", std::string{kLoginCookie} + "=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0");
  return reply;
}

Reply Portal::log_out() {
  gatekeeper_->leave();
  end("you have logged out");
  auto reply = pages_.ended(end_reason_);
  reply.head.fields.add("Clear-Site-Data", "\"cache\", \"cookies\", \"storage\"");
  return reply;
}

void Portal::end(std::string_view reason) {
  if (state_ == State::ended) return;
  state_ = State::ended;
  end_reason_ = reason;
  session_id_ = {};
  login_id_ = {};
}

}  // namespace sallyport
