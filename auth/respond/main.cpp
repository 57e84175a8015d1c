// sallyport-respond: what a service representative runs to answer a gate's challenge. No daemon, no root.
// Runs in: the representative's own machine.
#include <sys/prctl.h>
#include <sys/resource.h>

#include <cstdio>

#include "auth/respond/answer.h"
#include "auth/respond/gate_list.h"
#include "auth/respond/help.h"
#include "auth/respond/options.h"
#include "auth/respond/terminal.h"

namespace {

using namespace sallyport;

// The secret passes through this memory: no core file (I9). Where that cannot be had, the answer still can.
void forbid_core_files() {
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
  prctl(PR_SET_DUMPABLE, 0);
}

Done print(const char* text) {
  std::fputs(text, stdout);
  return {};
}

// What only succeeds or fails.
Result<Outcome> answered(Done done) {
  RETURN_IF_ERROR(std::move(done));
  return Outcome::answered;
}

Result<Outcome> act(const Options& options) {
  switch (options.mode) {
    case Mode::respond:
      return respond(options);
    case Mode::show:
      return show(options);
    case Mode::askpass:
      return answer_ssh(options);
    case Mode::command:
      return answered(run_command(options));
    case Mode::save:
      return answered(save(options));
    case Mode::list_gates:
      return answered(list_gates(options));
    case Mode::add_gate:
      return answered(add_gate(options));
    case Mode::forget_gate:
      return answered(forget_gate(options));
    case Mode::help:
      return answered(print(kHelp));
    case Mode::version:
      return answered(print(kVersion));
  }
  return fail("unknown mode");
}

int complain(const Error& error, Outcome outcome) {
  std::fprintf(stderr, "sallyport-respond: %s\n", presentable(error.message()).c_str());
  return static_cast<int>(outcome);
}

}  // namespace

int main(int count, char** arguments) {
  forbid_core_files();
  const auto options = parse_options(count, arguments);
  if (!options) return complain(options.error().within("wrong usage, see --help"), Outcome::wrong_usage);
  const auto outcome = act(*options);
  return outcome ? static_cast<int>(*outcome) : complain(outcome.error(), Outcome::failed);
}
