// RequestHead: a request as it was understood. What goes on to a target is written anew from this; nothing of
// the rep's bytes is passed through. Pure; runs in: sallyport-https.
#pragma once

#include <string>
#include <string_view>

#include "gateway/https/http/body_size.h"

namespace sallyport::http {

struct RequestHead {
  std::string method;  // upper case
  std::string target;  // path and query, begins with one "/"
  Version version = Version::http_1_1;
  std::string authority;  // Host, in lower case: "gate.example", "192.0.2.1:8443", "[2001:db8::1]". With
                          // HTTP/1.0 it may be empty
  // End-to-end fields only. Host, and what says how the message or the connection is read, is in the members
  // here and nowhere else, so that it cannot travel.
  Fields fields;
  BodySize body;
  bool keep_alive = true;
  bool expects_continue = false;
  bool wants_websocket = false;

  std::string_view path() const noexcept { return std::string_view{target}.substr(0, target.find('?')); }
  bool operator==(const RequestHead&) const = default;
};

// `head`: up to and with its empty line, as HeadFinder has passed it. Refused is whatever two servers are
// known to read differently, and what nobody needs: CONNECT, TRACE, "OPTIONS *", dot segments in any
// spelling.
Parsed<RequestHead> parse_request_head(std::string_view head);

// For the target, which is addressed as `authority`. Always HTTP/1.1. With a body of unknown length it says
// chunked. expects_continue is ours to keep and is not written.
std::string write_request_head(const RequestHead& request, std::string_view authority);

// Removes what was said for this connection only: the hop-by-hop fields, and those that Connection names.
// Refused: a Connection that names what says how the message is read.
Parsed<bool> remove_hop_by_hop(Fields& fields);

// A host name, an address, or an IPv6 address in brackets, with a port or without.
bool is_authority(std::string_view text);

}  // namespace sallyport::http
