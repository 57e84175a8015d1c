// sallyport-respond: what a service representative runs to answer a gate's challenge. No daemon, no root.
// Runs in: the representative's own machine.
#include <sys/prctl.h>
#include <sys/resource.h>

#include <cstdio>

#include "auth/respond/answer.h"
#include "auth/respond/options.h"
#include "base/escape.h"

namespace {

using namespace sallyport;

// The secret passes through this memory: no core file (I9). Where that cannot be had, the answer still can.
void forbid_core_files() {
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
  prctl(PR_SET_DUMPABLE, 0);
}

Done act(const Options& options) {
  switch (options.mode) {
    case Mode::respond:
      return respond(options);
    case Mode::askpass:
      return answer_ssh(options);
    case Mode::save:
      return save(options);
    case Mode::help:
      std::fputs(kHelp, stdout);
      return {};
  }
  return fail("unknown mode");
}

int complain(const Error& error, int status) {
  std::fprintf(stderr, "sallyport-respond: %s\n", escape_terminal(error.message()).c_str());
  return status;
}

}  // namespace

int main(int count, char** arguments) {
  forbid_core_files();
  const auto options = parse_options(count, arguments);
  if (!options) return complain(options.error().within("wrong usage, see --help"), 2);
  const auto done = act(*options);
  return done ? 0 : complain(done.error(), 1);
}
