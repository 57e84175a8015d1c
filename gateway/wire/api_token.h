// The name of a session of the target's REST API, as X-API-Session carries it. It goes from a worker that a
// rep may have taken over to one that has not, into a request's head: so its letters are few.
// Runs in: sallyportd, the workers.
#pragma once

#include <algorithm>
#include <string_view>

namespace sallyport {

inline constexpr std::size_t kLongestApiToken = 1024;

constexpr bool is_api_token(std::string_view text) {
  constexpr std::string_view kMarks = "+/=_-.~";
  return !text.empty() && text.size() <= kLongestApiToken && std::ranges::all_of(text, [=](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           kMarks.find(c) != std::string_view::npos;
  });
}
static_assert(!is_api_token("x\r\nHost: y") && !is_api_token("") && !is_api_token("a b"));

}  // namespace sallyport
