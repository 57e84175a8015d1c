// Runs in: every program.
#include "base/error.h"

#include <system_error>

namespace sallyport {

std::string Error::message() const {
  if (code_ == 0) return doing_;
  return fmt::format("{}: {}", doing_, std::generic_category().message(code_));
}

}  // namespace sallyport
