// Runs in: sallyport-https.
#include "gateway/https/http/request_head.h"

#include <fmt/core.h>

#include "gateway/https/http/head_finder.h"
#include "gateway/https/http/request_target.h"

namespace sallyport::http {

namespace {

// A second one of these is a trick or a fault: which of the two counts differs from server to server.
constexpr std::string_view kOnlyOnce[] = {"Host",
                                          "Expect",
                                          "Upgrade",
                                          "Content-Type",
                                          "Authorization",
                                          "Cookie",
                                          "Origin",
                                          "Referer",
                                          "Range",
                                          "User-Agent",
                                          "Sec-WebSocket-Key",
                                          "Sec-WebSocket-Version",
                                          "Content-Range",
                                          "If-Range",
                                          "Sec-Fetch-Site"};

constexpr std::size_t kLongestMethod = 32;
constexpr bool is_method_char(char c) { return (c >= 'A' && c <= 'Z') || c == '-' || c == '_'; }

struct FirstLine {
  std::string_view method, target;
  Version version = Version::http_1_1;
};

Parsed<FirstLine> parse_first_line(std::string_view line) {
  // Exactly one space between the three; a tab or a second space is read differently by different servers.
  const auto first = line.find(' '), second = line.find(' ', first + 1);
  if (first == std::string_view::npos || second == std::string_view::npos)
    return bad("a first line that is no request");
  FirstLine parts{line.substr(0, first), line.substr(first + 1, second - first - 1)};
  const auto version = line.substr(second + 1);
  if (version == "HTTP/1.0")
    parts.version = Version::http_1_0;
  else if (version != "HTTP/1.1")
    return bad("a version other than HTTP/1.0 and HTTP/1.1");
  if (parts.method.empty() || parts.method.size() > kLongestMethod || !all_are(parts.method, is_method_char))
    return bad("a method that is none");
  if (parts.method == "CONNECT") return bad("CONNECT to a gate");
  // It would show the page's scripts what the gate adds to a request.
  if (parts.method == "TRACE") return fault(405, "TRACE is not allowed");
  return parts;
}

// "Content_Length" is Content-Length to whoever hands headers on as CGI does.
bool resembles_framing(std::string_view written) {
  if (written.find('_') == std::string::npos) return false;
  std::string name{written};
  std::ranges::replace(name, '_', '-');
  return is_framing(name) || is_hop_by_hop(name) || same_name(name, "Cookie") ||
         same_name(name, "Authorization") || same_name(name, "Forwarded") ||
         starts_with_name(name, "X-Forwarded-");
}

Parsed<Fields> parse_fields(const std::vector<std::string_view>& lines) {
  Fields fields;
  fields.expect(lines.size());
  for (std::size_t i = 1; i < lines.size(); ++i) {
    auto field = parse_field(lines[i]);
    if (!field) return tl::unexpected{field.error()};
    if (resembles_framing(field->name)) return bad("a header name with _ in place of -");
    fields.add(*std::move(field));
  }
  for (const auto name : kOnlyOnce)
    if (fields.count(name) > 1) return bad("a header that may come only once");
  return fields;
}

Parsed<std::string> take_host(Fields& fields, Version version) {
  const std::string* const host = fields.find("Host");
  if (host == nullptr) {
    if (version == Version::http_1_0) return std::string{};
    return bad("no Host");
  }
  if (!is_authority(*host)) return bad("a Host that is none");
  auto authority = lower_case(*host);
  fields.remove("Host");
  return authority;
}

struct Wishes {
  bool keep_alive = true, upgrade = false;
};

// HTTP/1.0 may ask for more on its connection, and then waits to be told that it may, in a way that HTTP/1.1
// has given up, or for the connection's end (RFC 9112, appendix C.2.2). It gets the end.
Wishes wishes_of(const Fields& fields, Version version) {
  Wishes wishes{version == Version::http_1_1, false};
  bool close = false;
  for (const auto& field : fields)
    if (same_name(field.name, "Connection"))
      each_member(field.value, [&](std::string_view member) {
        close |= same_name(member, "close");
        wishes.upgrade |= same_name(member, "upgrade");
      });
  wishes.keep_alive &= !close;
  return wishes;
}

// 16 bytes in Base64 (RFC 6455, section 4.1). Some servers refuse another, some answer it.
bool is_websocket_key(std::string_view key) {
  const auto is_digit64 = [](char c) { return is_letter(c) || is_digit(c) || c == '+' || c == '/'; };
  return key.size() == 24 && key.ends_with("==") && all_are(key.substr(0, 22), is_digit64);
}

// Other protocols, h2c before all, are not offered: their fields are dropped, and the request is answered in
// HTTP/1.1, as RFC 9110 section 7.8 lets us.
Parsed<bool> wants_websocket(const RequestHead& request, const Wishes& wishes) {
  const std::string* const upgrade = request.fields.find("Upgrade");
  if (!wishes.upgrade || upgrade == nullptr || !same_name(*upgrade, "websocket")) return false;
  if (request.method != "GET" || request.version != Version::http_1_1 ||
      request.body.kind != BodySize::Kind::none)
    return bad("a WebSocket asked for by no plain GET");
  const std::string* const key = request.fields.find("Sec-WebSocket-Key");
  if (key == nullptr || !is_websocket_key(*key)) return bad("a WebSocket without its key");
  return true;
}

Parsed<bool> take_expectation(const Fields& fields, Version version) {
  const std::string* const expectation = fields.find("Expect");
  if (expectation == nullptr) return false;
  if (!same_name(*expectation, "100-continue")) return fault(417, "an expectation other than 100-continue");
  return version == Version::http_1_1;  // RFC 9110, section 10.1.1
}

// A Connection that names these would have us drop what the next one, or we, decide upon.
bool may_be_named(std::string_view name) {
  if (same_name(name, "Upgrade") || same_name(name, "TE")) return true;  // these belong there
  if (!is_token(name) || is_framing(name) || starts_with_name(name, "Sec-")) return false;
  for (const std::string_view kept :
       {"Cookie", "Set-Cookie", "Authorization", "Origin", "Referer", "Cache-Control"})
    if (same_name(name, kept)) return false;
  return true;
}

bool is_host_name_char(char c) { return is_letter(c) || is_digit(c) || c == '-' || c == '.' || c == '_'; }

}  // namespace

bool is_authority(std::string_view text) {
  std::string_view port;
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == std::string_view::npos || end < 3) return false;
    if (!all_are(text.substr(1, end - 1), [](char c) { return hex_value(c) >= 0 || c == ':' || c == '.'; }))
      return false;
    port = text.substr(end + 1);
  } else {
    const auto colon = std::min(text.find(':'), text.size());
    if (colon == 0 || colon > 253 || !all_are(text.substr(0, colon), is_host_name_char)) return false;
    port = text.substr(colon);
  }
  if (port.empty()) return true;
  return port.size() >= 2 && port.size() <= 6 && port[0] == ':' && all_are(port.substr(1), is_digit);
}

Parsed<bool> remove_hop_by_hop(Fields& fields) {
  std::vector<std::string> named;
  bool refused = false;
  for (const auto& field : fields)
    if (same_name(field.name, "Connection"))
      each_member(field.value, [&](std::string_view member) {
        refused |= !may_be_named(member);
        named.emplace_back(member);
      });
  if (refused) return bad("a Connection that names what it may not");
  fields.remove_if([&](const Field& field) {
    return is_hop_by_hop(field.name) ||
           std::ranges::any_of(named, [&](const std::string& name) { return same_name(name, field.name); });
  });
  return true;
}

Parsed<RequestHead> parse_request_head(std::string_view head) {
  const auto lines = lines_of(head);
  if (lines.empty()) return bad("a first line that is no request");
  const auto first = parse_first_line(lines.front());
  if (!first) return tl::unexpected{first.error()};
  auto fields = parse_fields(lines);
  if (!fields) return tl::unexpected{fields.error()};
  RequestHead request;
  request.method = first->method;
  request.version = first->version;
  request.fields = *std::move(fields);
  auto host = take_host(request.fields, request.version);
  if (!host) return tl::unexpected{host.error()};
  request.authority = *std::move(host);
  auto target = parse_request_target(first->target, request.authority);
  if (!target) return tl::unexpected{target.error()};
  request.target = *std::move(target);
  const auto size = body_size(request.fields, request.version);
  if (!size) return tl::unexpected{size.error()};
  request.body = *size;
  const auto wishes = wishes_of(request.fields, request.version);
  request.keep_alive = wishes.keep_alive;
  const auto websocket = wants_websocket(request, wishes);
  if (!websocket) return tl::unexpected{websocket.error()};
  request.wants_websocket = *websocket;
  const auto expects = take_expectation(request.fields, request.version);
  if (!expects) return tl::unexpected{expects.error()};
  // Nobody waits to send what is not there.
  request.expects_continue = *expects && request.body.kind != BodySize::Kind::none;
  if (auto removed = remove_hop_by_hop(request.fields); !removed) return tl::unexpected{removed.error()};
  request.fields.remove("Content-Length");
  request.fields.remove("Expect");
  return request;
}

std::string write_request_head(const RequestHead& request, std::string_view authority) {
  std::string text = request.method;
  text.append(" ").append(request.target).append(" HTTP/1.1\r\nHost: ").append(authority).append("\r\n");
  append_fields(text, request.fields);
  if (request.body.kind == BodySize::Kind::length)
    text += fmt::format("Content-Length: {}\r\n", request.body.length);
  if (request.body.kind == BodySize::Kind::chunked) text += "Transfer-Encoding: chunked\r\n";
  if (request.wants_websocket) text += "Connection: Upgrade\r\nUpgrade: websocket\r\n";
  text += "\r\n";
  return text;
}

}  // namespace sallyport::http
