// Runs in: sallyport.
#include "gateway/console/refusal.h"

#include <cstdio>

#include "base/escape.h"
#include "gateway/console/output.h"

namespace sallyport {

void refuse(ConsoleContext& context, const Error& error) {
  const bool barred = error.code() == EACCES || error.code() == EPERM;
  report(context, barred ? Error{error.message() + "; you need to be in group sallyport-auditor"} : error);
}

void refuse_the_rest(ConsoleContext& context, const Error& error) {
  std::fflush(stdout);  // what was shown comes before why it stops
  const auto line = fmt::format("sallyport: {}\n", escape_terminal(error.message()));
  std::fwrite(line.data(), 1, line.size(), stderr);
  context.exit_code = exit_code::refused;
}

}  // namespace sallyport
