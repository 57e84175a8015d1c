// HttpFault: why a message is not HTTP as this gate speaks it. Pure; runs in: sallyport-https.
#pragma once

#include <tl/expected.hpp>

namespace sallyport::http {

// `why` is our own text, never the peer's bytes, so that it may be shown to anybody.
struct Fault {
  int status = 400;  // what to answer; of a target's message 502, whatever is wrong
  const char* why = "";
};
template <class T>
using Parsed = tl::expected<T, Fault>;

inline tl::unexpected<Fault> bad(const char* why) { return tl::unexpected{Fault{400, why}}; }
inline tl::unexpected<Fault> fault(int status, const char* why) { return tl::unexpected{Fault{status, why}}; }

}  // namespace sallyport::http
