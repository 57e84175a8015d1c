// Rewriter: what is changed in requests and responses so that an application that believes it is at its own
// address works at the gate's, and so that neither side learns or decides what is not its own.
// Pure; runs in: sallyport-https.
#pragma once

#include <string>
#include <vector>

#include "gateway/https/http/cookies.h"
#include "gateway/https/http/request_head.h"
#include "gateway/https/http/response_head.h"

namespace sallyport::http {

// How the target is addressed. Authorities are in lower case, with the port unless it is 443.
struct Site {
  std::string target;                // what it is called in Host
  std::vector<std::string> aliases;  // what else it calls itself, and this same service, by
};

class Rewriter {
 public:
  Rewriter(Site site, std::string_view session_tag) : site_(std::move(site)), cookies_(session_tag) {}

  // The request as the target is to see it; write_request_head() puts site().target in Host. Refused (403): a
  // page of another site's, and a service worker, which would stay in the browser and stand between it and
  // the gate's own pages later.
  Parsed<bool> to_target(RequestHead& request) const;
  // The response as a rep is to see it that addresses the gate as `gate` (a request's authority; may be
  // empty).
  void to_rep(ResponseHead& response, std::string_view gate);

  const Site& site() const noexcept { return site_; }

 private:
  std::string reference_for_rep(std::string_view written) const;
  bool is_own(std::string_view authority) const;
  void set_cookies(Fields& fields);
  void move_references(Fields& fields) const;
  Site site_;
  CookieNames cookies_;
};

// Whether a browser says that another site's page made it send this (Origin, Sec-Fetch-Site). A safe request
// that only leads here, as a link does, is not meant.
bool is_cross_site(const RequestHead& request);

// "https://AUTHORITY", as a browser writes an origin.
std::string origin_of(std::string_view authority);

}  // namespace sallyport::http
