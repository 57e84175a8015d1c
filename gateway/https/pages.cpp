// Runs in: sallyport-https.
#include "gateway/https/pages.h"

#include <fmt/core.h>

#include "auth/challenge_text.h"
#include "base/encoding.h"
#include "base/sha256.h"
#include "gateway/https/form.h"
#include "gateway/https/key_page.h"

namespace sallyport {

namespace {

// Contrast of all text is at least 7:1 on both grounds; the focus is a thick ring.
constexpr std::string_view kStyle =
    ":root{color-scheme:light dark;--text:#16191d;--ground:#eceff4;--card:#fff;--line:#5b6573;--soft:#c8cfd9;"
    "--strong:#0b3d91;--on-strong:#fff;--bad:#8b0000;--focus:#c25700}"
    "@media(prefers-color-scheme:dark){:root{--text:#eceff4;--ground:#0f1216;--card:#1a1f26;--line:#8d98a8;"
    "--soft:#3a4350;--strong:#a8c7ff;--on-strong:#0f1216;--bad:#ffa3a3;--focus:#ffb066}}"
    "*{box-sizing:border-box}"
    "body{margin:0;font:1.0625rem/1.5 system-ui,sans-serif;color:var(--text);background:var(--ground)}"
    "header,main{max-width:36rem;margin:0 auto;overflow-wrap:anywhere}"
    "header{padding:2rem 1.5rem 1rem;font-weight:600}"
    // A gate in an arch.
    "header::before{content:'';display:inline-block;width:1rem;height:1.15rem;margin-right:.6rem;"
    "vertical-align:-.15rem;border:.2rem solid var(--strong);border-bottom:0;border-radius:.5rem .5rem 0 0}"
    "main{padding:1.5rem;background:var(--card);border:1px solid var(--soft);border-radius:.5rem}"
    "h1{margin:0 0 1rem;font-size:1.5rem;line-height:1.25}"
    "label{display:block;margin:1rem 0 .25rem;font-weight:600}"
    "input,textarea{width:100%;font:inherit;padding:.6rem;border:2px solid var(--line);border-radius:.3rem;"
    "color:inherit;background:var(--card)}"
    "textarea{font:.875rem/1.4 ui-monospace,monospace}textarea:read-only{background:var(--ground)}"
    "button,.go{display:inline-block;font:inherit;font-weight:600;padding:.6rem 1.5rem;border:2px solid "
    "var(--strong);border-radius:.3rem;color:var(--on-strong);background:var(--strong);text-decoration:none}"
    "form>button{margin-top:1.25rem}form>p+button{margin-top:0}"
    ".quiet{color:var(--strong);background:var(--card)}"
    "a{color:var(--strong)}:focus-visible{outline:4px solid var(--focus);outline-offset:2px}"
    ".banner{white-space:pre-wrap;border-left:.4rem solid var(--line);padding-left:1rem}"
    ".notice{border:2px solid var(--bad);border-radius:.3rem;padding:.75rem}"
    ".say::first-letter{text-transform:uppercase}"
    ".question{font:1.375rem/1.4 ui-monospace,monospace}"
    "@media(max-width:36rem){header{padding:1rem}main{padding:1rem;border-width:1px 0;border-radius:0}}";

std::string style_hash() {
  const auto digest = from_hex(Sha256::hex_of(kStyle));
  return digest ? to_base64(*digest) : "";
}

std::string notice_box(std::string_view notice) {
  if (notice.empty()) return "";
  return fmt::format("<p class=\"notice say\" role=\"alert\">{}</p>", escape_html(notice));
}

std::string response_fields(std::string_view prompt) {
  return fmt::format(
      "<p class=\"question\" id=\"question\">{}</p><label for=\"response\">Response</label><input "
      "id=\"response\" "
      "name=\"response\" required maxlength=\"128\" aria-describedby=\"question\" autocapitalize=\"none\" "
      "spellcheck=\"false\" autocomplete=\"one-time-code\" autofocus>",
      escape_html(prompt));
}

std::string readonly_field(std::string_view id, std::string_view label, std::string_view text, int rows) {
  return fmt::format(
      "<label for=\"{0}\">{1}</label><textarea id=\"{0}\" rows=\"{2}\" readonly>{3}</textarea>", id, label,
      rows, escape_html(text));
}

// The prompt's first line says in words what the text says, or it would be no such prompt.
std::string signature_fields(std::string_view prompt, std::string_view text) {
  return fmt::format("<p id=\"question\">{}</p>", escape_html(prompt.substr(0, prompt.find('\n')))) +
         readonly_field("challenge", "Challenge, for sallyport-respond", to_base64(text), 6) +
         readonly_field("text",
                        fmt::format("The same as text, for ssh-keygen -Y sign -n {}", kSignatureNamespace),
                        text, 10) +
         fmt::format(
             "<label for=\"response\">Signature</label><textarea id=\"response\" name=\"response\" "
             "rows=\"8\" "
             "required maxlength=\"{}\" aria-describedby=\"question\" autocapitalize=\"none\" "
             "spellcheck=\"false\" autofocus></textarea>",
             kLongestSignature);
}

}  // namespace

std::string_view reason_phrase(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 303:
      return "See Other";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 417:
      return "Expectation Failed";
    case 431:
      return "Request Header Fields Too Large";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    default:
      return "Status";
  }
}

Reply Pages::page(int status, std::string_view title, std::string_view content,
                  std::string_view script) const {
  Reply reply;
  reply.head.status = status;
  reply.head.reason = reason_phrase(status);
  auto& fields = reply.head.fields;
  fields.add("Content-Type", "text/html; charset=utf-8");
  fields.add("Cache-Control", "no-store");
  fields.add("Content-Security-Policy",
             fmt::format("default-src 'none'; style-src 'sha256-{}'; {}form-action 'self'; frame-ancestors "
                         "'none'; base-uri 'none'",
                         style_hash(), script.empty() ? "" : fmt::format("script-src {}; ", script)));
  fields.add("X-Frame-Options", "DENY");
  fields.add("X-Content-Type-Options", "nosniff");
  // Not no-referrer, which would have browsers hide the Origin of the forms.
  fields.add("Referrer-Policy", "same-origin");
  fields.add("Cross-Origin-Opener-Policy", "same-origin");
  fields.add("Cross-Origin-Resource-Policy", "same-origin");
  const auto banner = banner_.empty() ? "" : fmt::format("<p class=\"banner\">{}</p>", escape_html(banner_));
  reply.body = fmt::format(
      "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
      "content=\"width=device-width,initial-scale=1\"><title>{0} - {1}</title><style>{2}</style></head><body>"
      "<header>{1}</header><main><h1>{0}</h1>{3}{4}</main></body></html>\n",
      escape_html(title), escape_html(gate_), kStyle, banner, content);
  reply.head.body = {http::BodySize::Kind::length, reply.body.size()};
  return reply;
}

Reply Pages::login(std::string_view notice) const {
  return page(200, "Log in",
              notice_box(notice) +
                  fmt::format("<form method=\"post\" action=\"{}\" autocomplete=\"off\">"
                              "<label for=\"user\">User</label><input id=\"user\" name=\"user\" required "
                              "maxlength=\"64\" autocapitalize=\"none\" spellcheck=\"false\" "
                              "autocomplete=\"username\" autofocus>"
                              "<label for=\"password\">Password</label><input id=\"password\" "
                              "name=\"password\" type=\"password\" required maxlength=\"512\" "
                              "autocomplete=\"current-password\"><button>Continue</button></form>",
                              kLoginPath));
}

Reply Pages::question() const {
  return page(
      200, "Ask the gate",
      fmt::format("<form method=\"post\" action=\"{}\" autocomplete=\"off\"><p id=\"hint\">Your tool puts a "
                  "question to the gate first (sallyport-respond --mutual). Go on only if it accepts the "
                  "gate's answer.</p><label for=\"question\">Your question for the gate</label>"
                  "<input id=\"question\" name=\"question\" required maxlength=\"128\" "
                  "aria-describedby=\"hint\" autocapitalize=\"none\" spellcheck=\"false\" autofocus>"
                  "<button>Continue</button></form>",
                  kQuestionPath));
}

Reply Pages::challenge(std::string_view prompt) const {
  const auto text = text_in_signature_prompt(prompt);
  return page(
      200, "Answer the challenge",
      fmt::format("<form method=\"post\" action=\"{}\" autocomplete=\"off\">{}<button>Log in</button></form>",
                  kAnswerPath, text ? signature_fields(prompt, *text) : response_fields(prompt)));
}

Reply Pages::challenge(const KeyChallenge& asked) const {
  return page(200, "Answer the challenge", key_page_content(asked), key_page_script_source());
}

Reply Pages::status(std::string_view session, std::string_view facts, std::string_view warning) const {
  return page(
      200, fmt::format("Session {}", session),
      notice_box(warning) +
          fmt::format("<p class=\"say\">{}</p><p><a class=\"go\" href=\"/\">Open the console</a></p>"
                      "<form method=\"post\" action=\"{}\"><p>Logging out ends the session for good.</p>"
                      "<button class=\"quiet\">Log out</button></form>",
                      escape_html(facts), kLogoutPath));
}

Reply Pages::ended(std::string_view reason) const {
  return page(403, "The session has ended",
              fmt::format("<p class=\"say\" role=\"status\">{}</p>", escape_html(reason)));
}

Reply Pages::taken() const {
  return page(403, "In use",
              fmt::format("<p>Somebody at your address is logging in or logged in. If that is you, "
                          "<a href=\"{}\">see your session</a>.</p>",
                          kStatusPath));
}

Reply Pages::fault(int status, std::string_view why) const {
  return page(status, reason_phrase(status), fmt::format("<p class=\"say\">{}</p>", escape_html(why)));
}

Reply Pages::redirect(std::string_view path) {
  Reply reply;
  reply.head.status = 303;
  reply.head.reason = reason_phrase(303);
  reply.head.fields.add("Location", path);
  reply.head.fields.add("Cache-Control", "no-store");
  reply.head.body = {http::BodySize::Kind::length, 0};
  return reply;
}

}  // namespace sallyport
