// Runs in: sallyport-https.
#include "gateway/https/pages.h"

#include <fmt/core.h>

#include "auth/challenge_text.h"
#include "base/encoding.h"
#include "base/sha256.h"
#include "gateway/https/form.h"

namespace sallyport {

namespace {

// Contrast of all text is at least 7:1 on both grounds; the focus is a thick ring.
constexpr std::string_view kStyle =
    "*{box-sizing:border-box}"
    "body{margin:0 auto;max-width:36rem;padding:1.5rem;font:1.125rem/1.5 system-ui,sans-serif;color:#111;"
    "background:#fff}"
    "h1{font-size:1.5rem}label{display:block;font-weight:600;margin-top:1rem}"
    "input,textarea{width:100%;font:inherit;padding:.6rem;border:2px solid "
    "#444;border-radius:.3rem;color:inherit;"
    "background:inherit}"
    "button{margin-top:1.25rem;font:inherit;font-weight:600;padding:.6rem "
    "1.5rem;border:0;border-radius:.3rem;"
    "color:#fff;background:#0b3d91}"
    ":focus-visible{outline:4px solid #c25700;outline-offset:2px}"
    ".banner{white-space:pre-wrap;border-left:.4rem solid #444;padding-left:1rem}"
    ".notice{border:2px solid #8b0000;border-radius:.3rem;padding:.75rem}"
    "textarea{font:.875rem/1.4 ui-monospace,monospace}p{overflow-wrap:anywhere}"
    ".question{font:1.5rem ui-monospace,monospace;overflow-wrap:anywhere}"
    "@media(prefers-color-scheme:dark){body{color:#eee;background:#111}input,textarea,.banner{border-color:#"
    "aaa}"
    "button{color:#111;background:#9ec1ff}.notice{border-color:#ff9b9b}a{color:#9ec1ff}}";

std::string style_hash() {
  const auto digest = from_hex(Sha256::hex_of(kStyle));
  return digest ? to_base64(*digest) : "";
}

std::string notice_box(std::string_view notice) {
  if (notice.empty()) return "";
  return fmt::format("<p class=\"notice\" role=\"alert\">{}</p>", escape_html(notice));
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

Reply Pages::page(int status, std::string_view title, std::string_view content) const {
  Reply reply;
  reply.head.status = status;
  reply.head.reason = reason_phrase(status);
  auto& fields = reply.head.fields;
  fields.add("Content-Type", "text/html; charset=utf-8");
  fields.add("Cache-Control", "no-store");
  fields.add("Content-Security-Policy",
             fmt::format("default-src 'none'; style-src 'sha256-{}'; form-action 'self'; frame-ancestors "
                         "'none'; base-uri 'none'",
                         style_hash()));
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
      "<main><h1>{0}</h1>{3}{4}</main></body></html>\n",
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

Reply Pages::status(std::string_view session, std::string_view facts, std::string_view warning) const {
  return page(200, fmt::format("Session {}", session),
              notice_box(warning) +
                  fmt::format("<p>{}</p><p><a href=\"/\">Open the console</a></p><form method=\"post\" "
                              "action=\"{}\"><p>Logging out ends the session for good.</p>"
                              "<button>Log out</button></form>",
                              escape_html(facts), kLogoutPath));
}

Reply Pages::ended(std::string_view reason) const {
  return page(403, "The session has ended", fmt::format("<p role=\"status\">{}</p>", escape_html(reason)));
}

Reply Pages::taken() const {
  return page(403, "In use",
              fmt::format("<p>Somebody at your address is logging in or logged in. If that is you, "
                          "<a href=\"{}\">see your session</a>.</p>",
                          kStatusPath));
}

Reply Pages::fault(int status, std::string_view why) const {
  return page(status, reason_phrase(status), fmt::format("<p>{}</p>", escape_html(why)));
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
