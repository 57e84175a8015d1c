// How sallyport-respond tells ssh's prompt from a person's arguments. Runs in: unit tests.
#include "auth/respond/options.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>

#include "base/unique_fd.h"
#include "tests/catch.h"

using namespace sallyport;

namespace {

// The mode chosen for one argument, with a pipe-like standard output and this SSH_ASKPASS.
Mode mode_for(const char* askpass, std::string program, std::string argument) {
  if (askpass != nullptr)
    setenv("SSH_ASKPASS", askpass, 1);
  else
    unsetenv("SSH_ASKPASS");
  const UniqueFd kept{dup(STDOUT_FILENO)}, nowhere{open("/dev/null", O_WRONLY)};
  dup2(nowhere.get(), STDOUT_FILENO);
  char* arguments[] = {program.data(), argument.data(), nullptr};
  optind = 1;
  const auto options = parse_options(2, arguments);
  dup2(kept.get(), STDOUT_FILENO);
  unsetenv("SSH_ASKPASS");
  REQUIRE(options);
  return options->mode;
}

}  // namespace

TEST_CASE("started as the askpass program the argument is ssh's prompt, whatever it says") {
  CHECK(mode_for("sallyport-respond", "sallyport-respond", "--save") == Mode::askpass);
  CHECK(mode_for("/usr/bin/sallyport-respond", "sallyport-respond", "PASSWORD") == Mode::askpass);
  CHECK(mode_for("sallyport-respond", "/usr/bin/sallyport-respond", "Gate password: ") == Mode::askpass);
}

TEST_CASE("a desktop's own askpass program in the environment changes nothing") {
  CHECK(mode_for("ksshaskpass", "sallyport-respond", "K7XQM3PDR4") == Mode::respond);
  CHECK(mode_for("/usr/bin/ksshaskpass", "sallyport-respond", "--save") == Mode::save);
  CHECK(mode_for("", "sallyport-respond", "--help") == Mode::help);
  CHECK(mode_for(nullptr, "sallyport-respond", "K7XQM3PDR4") == Mode::respond);
}
