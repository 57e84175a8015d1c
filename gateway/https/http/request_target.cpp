// Runs in: sallyport-https.
#include "gateway/https/http/request_target.h"

#include <utility>

#include "gateway/https/http/characters.h"

namespace sallyport::http {

namespace {

constexpr bool is_visible(char c) { return c > 0x20 && c < 0x7f; }
// Beyond RFC 3986, browsers send these as they are: "[]^`{|}" in paths and queries, more in queries.
constexpr bool is_query_char(char c) { return is_visible(c) && c != '#'; }
constexpr bool is_path_char(char c) {
  return is_query_char(c) && c != '?' && c != '\\' && c != '"' && c != '<' && c != '>';
}

// One character of a path, "%2e" being one; -1 for a "%" that is followed by no number, 0 for NUL.
int decoded(std::string_view& rest) {
  const char c = rest.front();
  if (c != '%') {
    rest.remove_prefix(1);
    return c;
  }
  const int high = rest.size() > 2 ? hex_value(rest[1]) : -1, low = rest.size() > 2 ? hex_value(rest[2]) : -1;
  if (high < 0 || low < 0) return -1;
  rest.remove_prefix(3);
  return high * 16 + low;
}

// "." and "/" can be spelled in two, three or four bytes, of which UTF-8 allows none (RFC 3629, section 3):
// some servers read them all the same. `lead` and `next` are one after the other.
bool is_overlong(int lead, int next) {
  if (next < 0x80 || next > 0xbf) return false;
  return lead == 0xc0 || lead == 0xc1 || (lead == 0xe0 && next < 0xa0) || (lead == 0xf0 && next < 0x90);
}

// "." and "..", also with parameters ("..;x/"), which some servers cut off before they go up. Clients resolve
// these before they ask; who sends them wants two servers to see two paths.
bool is_dot_segment(std::string_view segment) {
  const auto name = segment.substr(0, segment.find(';'));
  return name == "." || name == "..";
}

Parsed<bool> check_path(std::string_view path) {
  if (!all_are(path, is_path_char)) return bad("a character in the address that does not belong there");
  // Encoded slashes and backslashes end a segment too, for the servers that decode before they look.
  std::string segment;
  int before = 0;
  for (std::string_view rest = path; !rest.empty();) {
    const int c = decoded(rest);
    if (c < 0) return bad("a % in the path without a number");
    if (c < 0x20 || c == 0x7f) return bad("a control character in the path");
    if (is_overlong(std::exchange(before, c), c))
      return bad("a character in the path that is spelled too long");
    const bool ends = c == '/' || c == '\\';
    if (!ends) segment += static_cast<char>(c);
    if ((ends || rest.empty()) && is_dot_segment(segment)) return bad("a path that goes up");
    if (ends) segment.clear();
  }
  return true;
}

}  // namespace

Parsed<std::string> parse_request_target(std::string_view written, std::string_view host) {
  constexpr std::string_view kScheme = "https://";
  std::string target{written};
  if (starts_with_name(written, kScheme)) {
    const auto rest = written.substr(kScheme.size());
    const auto end = std::min(rest.find_first_of("/?"), rest.size());
    if (host.empty() || !same_name(rest.substr(0, end), host)) return bad("an address of another host");
    target = std::string{rest.substr(end).starts_with('/') ? "" : "/"} + std::string{rest.substr(end)};
  }
  if (!target.starts_with('/')) return bad("an address that is no path");
  // "//host/x" would name another host wherever it is taken for a reference.
  if (target.starts_with("//")) return bad("a path that begins with two slashes");
  const auto question = std::min(target.find('?'), target.size());
  const auto path = check_path(std::string_view{target}.substr(0, question));
  if (!path) return tl::unexpected{path.error()};
  if (!all_are(std::string_view{target}.substr(question), is_query_char))
    return bad("a character in the address that does not belong there");
  return target;
}

}  // namespace sallyport::http
