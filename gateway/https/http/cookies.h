// Cookies between a rep's browser, this gate and a target. Pure; runs in: sallyport-https.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace sallyport::http {

// Browsers keep a cookie of this prefix to this very host, path "/" and TLS.
inline constexpr std::string_view kGateCookie = "__Host-sallyport";

// The value of the one cookie of this name in a Cookie field; nothing when there are two, which is a trick.
std::optional<std::string_view> find_cookie(std::string_view cookies, std::string_view name);

// One session's cookies of the target. The gate's own never goes there. What the target keeps from scripts
// (HttpOnly: what a session at the target hangs on) bears another name in the browser, with the session's tag
// in it, so that what a browser has left of another session, at another target or of another rep's, is not
// sent here. What scripts may read keeps its name, because they look for it.
class CookieNames {
 public:
  // `tag`: letters and digits.
  explicit CookieNames(std::string_view tag);

  // The Cookie field for the target; empty when nothing is left of it.
  std::string to_target(std::string_view cookies) const;
  // The Set-Cookie fields for the rep: without Domain, so that they are this gate's alone, and Secure. None
  // for what is no cookie, or takes a name of the gate's.
  std::vector<std::string> to_rep(std::string_view set_cookie);

 private:
  std::string renamed(std::string_view name) const;
  std::string mark_;             // "sallyport-TAG-"
  std::set<std::string> known_;  // of the target's, renamed
};

}  // namespace sallyport::http
