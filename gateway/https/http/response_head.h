// ResponseHead: a target's response as it was understood; what goes on to the rep is written anew from it.
// Pure; runs in: sallyport-https.
#pragma once

#include <string>
#include <string_view>

#include "gateway/https/http/body_size.h"
#include "gateway/https/http/request_head.h"

namespace sallyport::http {

struct ResponseHead {
  int status = 0;
  std::string reason;
  Version version = Version::http_1_1;
  Fields fields;  // as in RequestHead; Content-Length stays with an answer to HEAD and in 304, where it only
                  // tells
  BodySize body;
  bool keep_alive = true;  // whether the target's connection can be used again
  bool is_interim() const noexcept { return status >= 100 && status < 200 && status != 101; }
  bool operator==(const ResponseHead&) const = default;
};

// An answer to `request`, whose method and wish say where it ends. Every fault is a 502.
Parsed<ResponseHead> parse_response_head(std::string_view head, const RequestHead& request);

// For the rep. A body of unknown length is chunked where the rep knows that (HTTP/1.1), else it ends with the
// connection; `last` says that this is the connection's last response.
enum class Last : bool { no, yes };
std::string write_response_head(const ResponseHead& response, Last last);
// How the rep is told where the body ends.
BodySize body_for_rep(const ResponseHead& response, Version rep);

// Sec-WebSocket-Accept for this key (RFC 6455, section 4.2.2).
std::string websocket_accept(std::string_view key);

}  // namespace sallyport::http
