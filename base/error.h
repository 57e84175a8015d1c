// Error: what we were doing when it failed, and the system's code if there was one. Runs in: every program.
#pragma once

#include <fmt/core.h>

#include <cerrno>
#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace sallyport {

// Context is added once, where it is known; an Error is logged once, where it is handled.
class Error {
 public:
  explicit Error(std::string doing, int code = 0) : doing_(std::move(doing)), code_(code) {}

  // errno at the time of failure, or 0 when no system call was involved.
  int code() const noexcept { return code_; }
  // One line: "opening /etc/x: No such file or directory".
  std::string message() const;
  // The same error with what the caller was doing in front.
  Error within(std::string_view context) const {
    return Error{fmt::format("{}: {}", context, doing_), code_};
  }

 private:
  std::string doing_;
  int code_;
};

template <class... Args>
tl::unexpected<Error> fail(fmt::format_string<Args...> format, Args&&... args) {
  return tl::unexpected<Error>{Error{fmt::format(format, std::forward<Args>(args)...)}};
}

// As fail(), with errno as it stands on entry.
template <class... Args>
tl::unexpected<Error> fail_errno(fmt::format_string<Args...> format, Args&&... args) {
  const int code = errno;
  return tl::unexpected<Error>{Error{fmt::format(format, std::forward<Args>(args)...), code}};
}

}  // namespace sallyport
