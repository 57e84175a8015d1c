// Runs in: sallyport-respond (as the representative).
#include "auth/respond/options.h"

#include <getopt.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <cstring>
#include <string_view>

namespace sallyport {

const char* const kHelp = R"(sallyport-respond: answers the challenge of a Sallyport gate.

Usage:
  sallyport-respond [options] [CHALLENGE]   print the response; asks for the challenge if none is given
  sallyport-respond [options] --save        store the secret that you were given at enrolment

Options:
  --challenge TEXT    the challenge, as an option; spaces, dashes and case do not matter
  --secret-file FILE  default: ~/.config/sallyport/secret
                      first line: the secret in Base32; second line, optional: the OCRA suite
  --suite SUITE       default: the file's second line, else OCRA-1:HOTP-SHA256-8:QA10
  --counter N         for suites with a counter; default: kept beside the secret
  --session TEXT      for suites with session information
  --help              this text

Examples:
  sallyport-respond --save
      asks for the secret and stores it, readable by you alone
  sallyport-respond K7XQM 3PDR4
      prints e.g. 4821 9930, to be typed or read out over the telephone
  SSH_ASKPASS=sallyport-respond SSH_ASKPASS_REQUIRE=force ssh kim@gate
      stock ssh: you are asked for your password, the challenge is answered by itself
  SALLYPORT_PASSWORD_FILE=~/.gate-password SSH_ASKPASS=sallyport-respond SSH_ASKPASS_REQUIRE=force scp …
      for scripts: the file answers the prompt "Gate password:" and no other; it must be readable by you alone

Exit status: 0 done, 1 refused, 2 wrong usage.
)";

namespace {

enum : int { kChallenge = 1, kSecretFile, kSuite, kCounter, kSession, kSave, kHelpOption };
constexpr option kOptions[] = {
    {"challenge", required_argument, nullptr, kChallenge},
    {"secret-file", required_argument, nullptr, kSecretFile},
    {"suite", required_argument, nullptr, kSuite},
    {"counter", required_argument, nullptr, kCounter},
    {"session", required_argument, nullptr, kSession},
    {"save", no_argument, nullptr, kSave},
    {"help", no_argument, nullptr, kHelpOption},
    {nullptr, 0, nullptr, 0},
};

// ssh starts us with its prompt as the one argument and a pipe as standard output. The prompt may come from
// the far end, so it must not be taken for an option ("--save"), nor for a bare challenge ("PASSWORD"). A
// desktop names an askpass program of its own in the same variable.
bool started_by_ssh(int count, char** arguments) {
  const char* const askpass = std::getenv("SSH_ASKPASS");
  if (count != 2 || askpass == nullptr) return false;
  const auto name = std::filesystem::path{askpass}.filename();
  return !name.empty() && name == std::filesystem::path{arguments[0]}.filename() &&
         isatty(STDOUT_FILENO) == 0;
}

Done apply(Options& options, int chosen, std::string_view value) {
  switch (chosen) {
    case kChallenge:
      options.text = value;
      return {};
    case kSecretFile:
      options.secret_file = value;
      return {};
    case kSuite:
      options.suite = value;
      return {};
    case kSession:
      options.session = value;
      return {};
    case kSave:
      options.mode = Mode::save;
      return {};
    case kHelpOption:
      options.mode = Mode::help;
      return {};
    case kCounter: {
      std::uint64_t counter = 0;
      const auto [end, fault] = std::from_chars(value.data(), value.data() + value.size(), counter);
      if (fault != std::errc{} || end != value.data() + value.size()) return fail("--counter needs a number");
      options.counter = counter;
      return {};
    }
    default:
      return fail("unknown option, or one without its value");
  }
}

}  // namespace

Result<Options> parse_options(int count, char** arguments) {
  Options options;
  if (started_by_ssh(count, arguments)) {
    options.mode = Mode::askpass;
    options.text = arguments[1];
    return options;
  }
  opterr = 0;
  for (int chosen; (chosen = getopt_long(count, arguments, "", kOptions, nullptr)) != -1;)
    RETURN_IF_ERROR(apply(options, chosen, optarg == nullptr ? "" : optarg));
  if (optind < count && options.text) return fail("the challenge is given twice");
  for (; optind < count; ++optind) options.text = options.text.value_or("") + arguments[optind] + " ";
  if (options.mode == Mode::save && options.text)
    return fail("--save reads the secret from the terminal or standard input");
  return options;
}

}  // namespace sallyport
