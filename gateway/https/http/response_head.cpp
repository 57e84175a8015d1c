// Runs in: sallyport-https.
#include "gateway/https/http/response_head.h"

#include <fmt/core.h>
#include <openssl/evp.h>

#include "base/check.h"
#include "base/encoding.h"
#include "gateway/https/http/head_finder.h"

namespace sallyport::http {

namespace {

constexpr std::string_view kOnlyOnce[] = {
    "Content-Type", "Location", "Content-Range", "Content-Location", "Sec-WebSocket-Accept", "Refresh"};

tl::unexpected<Fault> wrong(const char* why) { return fault(502, why); }

struct StatusLine {
  Version version = Version::http_1_1;
  int status = 0;
  std::string_view reason;
};

Parsed<StatusLine> parse_status_line(std::string_view line) {
  StatusLine parts;
  if (line.starts_with("HTTP/1.0 "))
    parts.version = Version::http_1_0;
  else if (!line.starts_with("HTTP/1.1 "))
    return wrong("a first line that is no response");
  line.remove_prefix(9);
  // The space behind the number is left out by some.
  if (line.size() < 3 || !all_are(line.substr(0, 3), is_digit) || (line.size() > 3 && line[3] != ' '))
    return wrong("a status that is no number");
  parts.status = (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
  if (parts.status < 100 || parts.status > 599) return wrong("a status that is none");
  if (line.size() > 4) parts.reason = line.substr(4);
  return parts;
}

Parsed<bool> check_upgrade(const ResponseHead& response, const RequestHead& request) {
  if (!request.wants_websocket) return wrong("an upgrade that nobody asked for");
  const auto* const upgrade = response.fields.find("Upgrade");
  const auto* const accept = response.fields.find("Sec-WebSocket-Accept");
  if (upgrade == nullptr || !same_name(*upgrade, "websocket")) return wrong("an upgrade to something else");
  const auto* const key = request.fields.find("Sec-WebSocket-Key");
  if (accept == nullptr || key == nullptr || *accept != websocket_accept(*key))
    return wrong("a WebSocket accepted with the wrong key");
  return true;
}

bool has_no_body(int status, std::string_view method) {
  return method == "HEAD" || status < 200 || status == 204 || status == 304;
}

// RFC 9112, section 6.3.
BodySize size_after(const BodySize& said, int status, std::string_view method) {
  if (has_no_body(status, method)) return {};
  if (said.kind == BodySize::Kind::none) return {BodySize::Kind::until_close, 0};
  return said;
}

bool stays_open(const Fields& fields, Version version, const BodySize& body) {
  if (version == Version::http_1_0 || body.kind == BodySize::Kind::until_close) return false;
  bool close = false;
  for (const auto& field : fields)
    if (same_name(field.name, "Connection"))
      each_member(field.value, [&](std::string_view member) { close |= same_name(member, "close"); });
  return !close;
}

Parsed<Fields> parse_fields(const std::vector<std::string_view>& lines) {
  Fields fields;
  fields.expect(lines.size());
  for (std::size_t i = 1; i < lines.size(); ++i) {
    auto field = parse_field(lines[i]);
    if (!field) return wrong(field.error().why);
    fields.add(*std::move(field));
  }
  for (const auto name : kOnlyOnce)
    if (fields.count(name) > 1) return wrong("a header that may come only once");
  return fields;
}

}  // namespace

Parsed<ResponseHead> parse_response_head(std::string_view head, const RequestHead& request) {
  const auto lines = lines_of(head);
  if (lines.empty()) return wrong("a first line that is no response");
  const auto first = parse_status_line(lines.front());
  if (!first) return tl::unexpected{first.error()};
  auto fields = parse_fields(lines);
  if (!fields) return tl::unexpected{fields.error()};
  const auto said = body_size(*fields, first->version);
  if (!said) return wrong(said.error().why);
  ResponseHead response{first->status, std::string{first->reason}, first->version, *std::move(fields), {},
                        true};
  response.body = size_after(*said, response.status, request.method);
  response.keep_alive = stays_open(response.fields, response.version, response.body);
  if (response.status == 101) {
    const auto good = check_upgrade(response, request);
    if (!good) return tl::unexpected{good.error()};
  }
  if (auto removed = remove_hop_by_hop(response.fields); !removed) return wrong(removed.error().why);
  // Where it says what another response would have, it says nothing of this one's end.
  const bool only_tells = request.method == "HEAD" || response.status == 304;
  if (!only_tells) response.fields.remove("Content-Length");
  return response;
}

BodySize body_for_rep(const ResponseHead& response, Version rep) {
  if (response.body.kind == BodySize::Kind::none || response.body.kind == BodySize::Kind::length)
    return response.body;
  return {rep == Version::http_1_1 ? BodySize::Kind::chunked : BodySize::Kind::until_close, 0};
}

std::string write_response_head(const ResponseHead& response, Last last) {
  std::string text = fmt::format("HTTP/1.1 {} {}\r\n", response.status, response.reason);
  append_fields(text, response.fields);
  if (response.status == 101) return text + "Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
  if (response.body.kind == BodySize::Kind::length)
    text += fmt::format("Content-Length: {}\r\n", response.body.length);
  if (response.body.kind == BodySize::Kind::chunked) text += "Transfer-Encoding: chunked\r\n";
  if (last == Last::yes) text += "Connection: close\r\n";
  text += "\r\n";
  return text;
}

std::string websocket_accept(std::string_view key) {
  const std::string text = std::string{key} + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  our_bug(EVP_Digest(text.data(), text.size(), digest, &size, EVP_sha1(), nullptr) != 1, "no SHA-1");
  return to_base64({reinterpret_cast<const char*>(digest), size});
}

}  // namespace sallyport::http
