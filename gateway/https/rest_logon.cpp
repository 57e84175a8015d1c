// Runs in: sallyport-https.
#include "gateway/https/rest_logon.h"

#include "gateway/wire/api_token.h"

namespace sallyport {

namespace {

constexpr std::string_view kLogon = "/rest/api/web/Logon", kSession = "X-API-Session";

}  // namespace

bool is_logon(const http::RequestHead& request) {
  return request.method == "PUT" && request.path() == kLogon;
}

bool is_logoff(const http::RequestHead& request) {
  return request.method == "DELETE" && request.path() == kLogon;
}

Secret session_of(const http::RequestHead& logoff) {
  const auto* const session = logoff.fields.find(kSession);
  return session != nullptr && is_api_token(*session) ? Secret{std::string_view{*session}} : Secret{};
}

// <X-API-Session kb="ROR" kxe="false">TOKEN</X-API-Session>, or <X-API-Session>TOKEN</X-API-Session>: what
// stands between the first such tag and the next one. No reader of XML, because nothing is decided by it.
Secret session_given_by(std::string_view answer) {
  const auto name = answer.find("<X-API-Session");
  if (name == std::string_view::npos) return {};
  const auto begin = answer.find('>', name);
  const auto end = answer.find('<', name + 1);
  if (begin == std::string_view::npos || end == std::string_view::npos || end <= begin) return {};
  const auto token = http::trimmed(answer.substr(begin + 1, end - begin - 1));
  return is_api_token(token) ? Secret{token} : Secret{};
}

http::RequestHead logoff_of(const Secret& session) {
  http::RequestHead request;
  request.method = "DELETE";
  request.target = kLogon;
  request.fields.add(kSession, session.reveal());
  return request;
}

}  // namespace sallyport
