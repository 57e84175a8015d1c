// Runs in: sallyport-https.
#include "gateway/https/http/rewrite.h"

#include <optional>

namespace sallyport::http {

namespace {

// Who the client is, and what was asked for, is said by the connection and the first line alone.
constexpr std::string_view kClaims[] = {"Forwarded", "X-Real-IP",      "X-Client-IP",   "True-Client-IP",
                                        "Via",       "X-Original-URL", "X-Rewrite-URL", "X-Original-Host",
                                        "X-Host",    "Proxy"};
// What would outlive the session in the browser, or lead it elsewhere: other ports, other protocols, reports
// to third parties, and the gate's own cookie cleared.
constexpr std::string_view kNotForReps[] = {"Strict-Transport-Security",
                                            "Public-Key-Pins",
                                            "Alt-Svc",
                                            "Clear-Site-Data",
                                            "Service-Worker-Allowed",
                                            "NEL",
                                            "Report-To",
                                            "Reporting-Endpoints",
                                            "Via"};
constexpr std::string_view kReferences[] = {"Location", "Content-Location"};

template <std::size_t Count>
void drop(Fields& fields, const std::string_view (&names)[Count]) {
  fields.remove_if([&](const Field& field) {
    return std::ranges::any_of(names, [&](std::string_view name) { return same_name(name, field.name); });
  });
}

std::string_view without_port(std::string_view authority, std::string_view port) {
  if (authority.ends_with(port)) authority.remove_suffix(port.size());
  return authority;
}

struct Absolute {
  std::string authority;  // lower case, without the scheme's own port
  std::string_view rest;  // path, query, fragment
};

// Of "https://a/b", "http://a/b" and "//a/b"; nothing of what stays at this host.
std::optional<Absolute> parse_absolute(std::string_view reference) {
  std::string_view own_port = ":443";
  if (starts_with_name(reference, "http:")) own_port = ":80";
  for (const std::string_view scheme : {"https:", "http:"})
    if (starts_with_name(reference, scheme)) reference.remove_prefix(scheme.size());
  if (!reference.starts_with("//")) return std::nullopt;
  reference.remove_prefix(2);
  const auto end = std::min(reference.find_first_of("/?#\\"), reference.size());
  return Absolute{lower_case(without_port(reference.substr(0, end), own_port)), reference.substr(end)};
}

bool is_safe(std::string_view method) { return method == "GET" || method == "HEAD" || method == "OPTIONS"; }

// Pages and data are not kept, so that nothing is left to be shown when the session is over; what an
// application is made of may stay in this browser.
void limit_caching(Fields& fields) {
  const auto* const type = fields.find("Content-Type");
  for (const std::string_view part : {"text/css", "text/javascript", "application/javascript",
                                      "application/x-javascript", "image/", "font/"})
    if (type != nullptr && starts_with_name(*type, part)) {
      std::string said = "private";
      for (const auto& field : fields)
        if (same_name(field.name, "Cache-Control"))
          each_member(field.value, [&](std::string_view member) {
            if (!same_name(member, "public") && !same_name(member, "private"))
              said.append(", ").append(member);
          });
      return fields.set("Cache-Control", said);
    }
  fields.set("Cache-Control", "no-store");
}

}  // namespace

std::string origin_of(std::string_view authority) {
  return "https://" + std::string{without_port(authority, ":443")};
}

bool is_cross_site(const RequestHead& request) {
  const auto* const origin = request.fields.find("Origin");
  const auto* const fetched_by = request.fields.find("Sec-Fetch-Site");
  if (origin != nullptr) {
    if (same_name(*origin, origin_of(request.authority))) return false;
    // What a page sends that hides its address, even from its own site.
    return *origin != "null" || fetched_by == nullptr || *fetched_by != "same-origin";
  }
  if (fetched_by == nullptr) return false;  // no browser, or an old one
  if (is_safe(request.method) && !request.wants_websocket) return false;
  return *fetched_by != "same-origin" && *fetched_by != "none";
}

Parsed<bool> Rewriter::to_target(RequestHead& request) const {
  if (is_cross_site(request)) return fault(403, "asked for by a page of another site");
  auto& fields = request.fields;
  if (fields.find("Service-Worker") != nullptr) return fault(403, "service workers are not carried");
  if (fields.find("Origin") != nullptr) fields.set("Origin", origin_of(site_.target));
  if (const auto* const referer = fields.find("Referer")) {
    const auto from = parse_absolute(*referer);
    if (from && !request.authority.empty() && from->authority == without_port(request.authority, ":443"))
      fields.set("Referer", origin_of(site_.target) + std::string{from->rest});
    else
      fields.remove("Referer");
  }
  drop(fields, kClaims);
  fields.remove_if([](const Field& field) { return starts_with_name(field.name, "X-Forwarded-"); });
  if (const auto* const cookies = fields.find("Cookie")) {
    const auto kept = cookies_.to_target(*cookies);
    if (kept.empty())
      fields.remove("Cookie");
    else
      fields.set("Cookie", kept);
  }
  return true;
}

bool Rewriter::is_own(std::string_view authority) const {
  return authority == without_port(site_.target, ":443") ||
         std::ranges::find(site_.aliases, authority) != site_.aliases.end();
}

// A path, which is right whatever the rep calls the gate. Never one of two slashes, which would be a host.
// Browsers take tabs out before they read it: "/<tab>/evil" is such a host.
std::string Rewriter::reference_for_rep(std::string_view written) const {
  std::string reference{written};
  std::erase(reference, '\t');
  const auto absolute = parse_absolute(reference);
  if (!absolute || !is_own(absolute->authority)) return reference;
  const auto slashes = std::min(absolute->rest.find_first_not_of("/\\"), absolute->rest.size());
  return "/" + std::string{absolute->rest.substr(slashes)};
}

void Rewriter::move_references(Fields& fields) const {
  for (const auto name : kReferences)
    if (const auto* const reference = fields.find(name)) fields.set(name, reference_for_rep(*reference));
  // "5; url=https://hmc1/"
  const auto* const refresh = fields.find("Refresh");
  if (refresh == nullptr) return;
  const auto url = lower_case(*refresh).find("url=");
  if (url == std::string::npos) return;
  const std::string said = *refresh;
  fields.set("Refresh", said.substr(0, url + 4) + reference_for_rep(std::string_view{said}.substr(url + 4)));
}

void Rewriter::set_cookies(Fields& fields) {
  if (fields.find("Set-Cookie") == nullptr) return;
  Fields changed;
  for (const auto& field : fields) {
    if (!same_name(field.name, "Set-Cookie")) {
      changed.add(field.name, field.value);
      continue;
    }
    for (const auto& line : cookies_.to_rep(field.value)) changed.add("Set-Cookie", line);
  }
  fields = std::move(changed);
}

void Rewriter::to_rep(ResponseHead& response, std::string_view gate) {
  auto& fields = response.fields;
  drop(fields, kNotForReps);
  move_references(fields);
  set_cookies(fields);
  if (const auto* const allowed = fields.find("Access-Control-Allow-Origin")) {
    const auto who = parse_absolute(*allowed);
    if (who && is_own(who->authority)) fields.set("Access-Control-Allow-Origin", origin_of(gate));
  }
  limit_caching(fields);
}

}  // namespace sallyport::http
