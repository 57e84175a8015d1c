// Runs in: sallyport-https.
#include "gateway/https/http/cookies.h"

#include "gateway/https/http/characters.h"

namespace sallyport::http {

namespace {

constexpr std::string_view kReserved = "sallyport-";
constexpr std::size_t kMostNames = 128;
// What browsers check by a name's beginning stays at the beginning.
constexpr std::string_view kPrefixes[] = {"__Host-", "__Secure-"};

struct Cookie {
  std::string_view name, value;
};

// "name=value". A nameless one is refused: "=a=b" is a cookie "a" to some.
std::optional<Cookie> parse_pair(std::string_view text) {
  const auto pair = trimmed(text);
  const auto equals = pair.find('=');
  if (equals == std::string_view::npos) return std::nullopt;
  const Cookie cookie{trimmed(pair.substr(0, equals)), trimmed(pair.substr(equals + 1))};
  if (!is_token(cookie.name)) return std::nullopt;
  return cookie;
}

template <class Use>
void each_part(std::string_view text, Use use) {
  for (std::size_t from = 0; from <= text.size();) {
    const auto end = std::min(text.find(';', from), text.size());
    use(text.substr(from, end - from));
    from = end + 1;
  }
}

std::string_view prefix_of(std::string_view name) {
  for (const auto prefix : kPrefixes)
    if (starts_with_name(name, prefix)) return name.substr(0, prefix.size());
  return {};
}

std::string_view behind_prefix(std::string_view name) { return name.substr(prefix_of(name).size()); }

bool is_reserved(std::string_view name) {
  const auto rest = behind_prefix(name);
  return starts_with_name(rest, kReserved) || same_name(rest, "sallyport");
}

struct Attributes {
  bool http_only = false;
  std::string kept, path;  // as they are written: "; Path=/x; SameSite=Lax"
};

Attributes read_attributes(std::string_view text) {
  Attributes attributes;
  each_part(text, [&](std::string_view part) {
    const auto attribute = trimmed(part);
    const auto name = trimmed(attribute.substr(0, attribute.find('=')));
    if (same_name(name, "HttpOnly")) attributes.http_only = true;
    if (same_name(name, "Path")) attributes.path = "; " + std::string{attribute};
    for (const std::string_view kept : {"Expires", "Max-Age", "SameSite", "HttpOnly", "Partitioned"})
      if (same_name(name, kept)) attributes.kept += "; " + std::string{attribute};
  });
  return attributes;
}

}  // namespace

std::optional<std::string_view> find_cookie(std::string_view cookies, std::string_view name) {
  std::optional<std::string_view> found;
  bool twice = false;
  each_part(cookies, [&](std::string_view part) {
    const auto cookie = parse_pair(part);
    if (!cookie || cookie->name != name) return;
    twice |= found.has_value();
    found = cookie->value;
  });
  return twice ? std::nullopt : found;
}

CookieNames::CookieNames(std::string_view tag) : mark_(std::string{kReserved} + std::string{tag} + "-") {}

std::string CookieNames::renamed(std::string_view name) const {
  return std::string{prefix_of(name)} + mark_ + std::string{behind_prefix(name)};
}

std::string CookieNames::to_target(std::string_view cookies) const {
  std::set<std::string, std::less<>> ours;
  std::string kept;
  const auto keep = [&](std::string_view name, std::string_view value) {
    if (!kept.empty()) kept += "; ";
    kept.append(name).append("=").append(value);
  };
  each_part(cookies, [&](std::string_view part) {
    const auto cookie = parse_pair(part);
    if (!cookie || !behind_prefix(cookie->name).starts_with(mark_)) return;
    const auto name =
        std::string{prefix_of(cookie->name)} + std::string{behind_prefix(cookie->name).substr(mark_.size())};
    if (!is_token(name) || is_reserved(name)) return;
    ours.insert(name);
    keep(name, cookie->value);
  });
  // One that a script, or a neighbour's page, has set under the same name does not stand in for it.
  each_part(cookies, [&](std::string_view part) {
    const auto cookie = parse_pair(part);
    if (cookie && !is_reserved(cookie->name) && !ours.contains(cookie->name))
      keep(cookie->name, cookie->value);
  });
  return kept;
}

std::vector<std::string> CookieNames::to_rep(std::string_view set_cookie) {
  const auto end = std::min(set_cookie.find(';'), set_cookie.size());
  const auto cookie = parse_pair(set_cookie.substr(0, end));
  if (!cookie || is_reserved(cookie->name)) return {};
  const auto attributes = read_attributes(set_cookie.substr(std::min(end + 1, set_cookie.size())));
  const std::string name{cookie->name}, rest = attributes.path + attributes.kept + "; Secure";
  if (attributes.http_only) {
    if (!known_.contains(name) && known_.size() >= kMostNames) return {};
    known_.insert(name);
    return {renamed(name) + "=" + std::string{cookie->value} + rest};
  }
  std::vector<std::string> lines{name + "=" + std::string{cookie->value} + rest};
  // Servers leave HttpOnly out when they take a cookie back.
  if (known_.contains(name))
    lines.push_back(renamed(name) + "=; Max-Age=0" + attributes.path + "; Secure; HttpOnly");
  return lines;
}

}  // namespace sallyport::http
