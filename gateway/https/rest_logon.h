// The sessions of the HMC's REST API that a rep makes and ends (HMC REST APIs, "Logon"): PUT
// /rest/api/web/Logon answers with <X-API-Session>, which DELETE brings back in a field of that name. Seen on
// their way, so that those that are left over can be ended. Pure; runs in: sallyport-https.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/secret.h"
#include "gateway/https/http/request_head.h"

namespace sallyport {

bool is_logon(const http::RequestHead& request);
bool is_logoff(const http::RequestHead& request);
// The session that a logoff ends; empty where it names none.
Secret session_of(const http::RequestHead& logoff);
// The session that an answer to a logon gives; empty where there is none, or none that a field can carry.
Secret session_given_by(std::string_view answer);
http::RequestHead logoff_of(const Secret& session);

// The answer to a logon while it passes: as much of it as an answer has. Wiped when it is gone (I9).
class LogonAnswer {
 public:
  LogonAnswer() { text_.reserve(kMost); }  // one place to wipe
  LogonAnswer(const LogonAnswer&) = delete;
  LogonAnswer& operator=(const LogonAnswer&) = delete;
  ~LogonAnswer() { wipe(text_); }
  void see(std::string_view data) { text_.append(data.substr(0, kMost - text_.size())); }
  Secret session() const { return session_given_by(text_); }

 private:
  static constexpr std::size_t kMost = 64 * 1024;
  std::string text_;
};

}  // namespace sallyport
