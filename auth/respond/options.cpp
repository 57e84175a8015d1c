// Runs in: sallyport-respond (as the representative).
#include "auth/respond/options.h"

#include <getopt.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <string_view>

#include "auth/ocra_session.h"
#include "base/duration.h"
#include "base/escape.h"

namespace sallyport {

namespace {

using Setter = Done (*)(Options&, std::string_view value);

struct Choice {
  const char* name;
  int takes;             // no_argument, required_argument
  const char* variable;  // what carries it to us through ssh; null: only an option
  Setter set;
};

Done set_mode(Options& options, Mode mode) {
  if (options.mode != Mode::respond) return fail("two different things are asked for");
  options.mode = mode;
  return {};
}

Done set_grant(Options& options, std::string_view value) {
  if (!is_grant_id(value)) return fail("--grant needs a grant's id, e.g. g-7k3m9q2x");
  options.expected.grant = value;
  return {};
}

Done set_services(Options& options, std::string_view value) {
  auto& services = options.expected.services.emplace();
  while (true) {
    const auto comma = value.find(',');
    if (value.substr(0, comma).empty()) return fail("--services needs names with commas, e.g. ssh,https");
    services.emplace_back(value.substr(0, comma));
    if (comma == std::string_view::npos) return {};
    value.remove_prefix(comma + 1);
  }
}

Done set_counter(Options& options, std::string_view value) {
  std::uint64_t counter = 0;
  const auto [end, fault] = std::from_chars(value.data(), value.data() + value.size(), counter);
  if (value.empty() || fault != std::errc{} || end != value.data() + value.size())
    return fail("--counter needs a number");
  options.counter = counter;
  return {};
}

Done set_clock_tolerance(Options& options, std::string_view value) {
  const auto tolerance = parse_duration(value);
  if (!tolerance || *tolerance > std::chrono::hours{24})
    return fail("--clock-tolerance needs a duration of at most a day, e.g. 5m");
  options.clock_tolerance = *tolerance;
  return {};
}

Done set_switch(bool& which, std::string_view value, const char* variable) {
  // An option has no value; a variable says 1.
  if (!value.empty() && value != "1") return fail("{} is 1 or not set", variable);
  which = true;
  return {};
}

// One line an option. What a prompt may be answered with also comes by variable; a secret never does (I9).
constexpr Choice kChoices[] = {
    {"target", required_argument, "SALLYPORT_TARGET",
     [](Options& o, std::string_view v) -> Done { return o.expected.target = v, Done{}; }},
    {"grant", required_argument, "SALLYPORT_GRANT", set_grant},
    {"services", required_argument, "SALLYPORT_SERVICES", set_services},
    {"gate", required_argument, "SALLYPORT_GATE",
     [](Options& o, std::string_view v) -> Done { return o.expected.gate = v, Done{}; }},
    {"key", required_argument, "SALLYPORT_KEY",
     [](Options& o, std::string_view v) -> Done { return o.key = v, Done{}; }},
    {"secret-file", required_argument, "SALLYPORT_SECRET_FILE",
     [](Options& o, std::string_view v) -> Done { return o.secret_file = v, Done{}; }},
    {"suite", required_argument, "SALLYPORT_SUITE",
     [](Options& o, std::string_view v) -> Done { return o.suite = v, Done{}; }},
    {"mutual", no_argument, "SALLYPORT_MUTUAL",
     [](Options& o, std::string_view v) { return set_switch(o.mutual, v, "SALLYPORT_MUTUAL"); }},
    {"accept-new-gate", no_argument, "SALLYPORT_ACCEPT_NEW_GATE",
     [](Options& o, std::string_view v) {
       return set_switch(o.accept_new_gate, v, "SALLYPORT_ACCEPT_NEW_GATE");
     }},
    {"known-hosts", required_argument, "SALLYPORT_KNOWN_HOSTS",
     [](Options& o, std::string_view v) -> Done { return o.known_hosts = v, Done{}; }},
    {"clock-tolerance", required_argument, "SALLYPORT_CLOCK_TOLERANCE", set_clock_tolerance},
    {"ask-with", required_argument, "SALLYPORT_ASK_WITH",
     [](Options& o, std::string_view v) -> Done { return o.ask_with = v, Done{}; }},
    {"counter", required_argument, nullptr, set_counter},
    {"session", required_argument, nullptr,
     [](Options& o, std::string_view v) -> Done { return o.session = v, Done{}; }},
    {"challenge", required_argument, nullptr,
     [](Options& o, std::string_view v) -> Done {
       if (o.text) return fail("the challenge is given twice");
       return o.text = v, Done{};
     }},
    {"askpass", required_argument, nullptr,
     [](Options& o, std::string_view v) -> Done {
       if (o.text) return fail("the challenge is given twice");
       return o.text = v, set_mode(o, Mode::askpass);
     }},
    {"json", no_argument, nullptr,
     [](Options& o, std::string_view) -> Done { return o.json = true, Done{}; }},
    {"show", no_argument, nullptr, [](Options& o, std::string_view) { return set_mode(o, Mode::show); }},
    {"save", no_argument, nullptr, [](Options& o, std::string_view) { return set_mode(o, Mode::save); }},
    {"list-gates", no_argument, nullptr,
     [](Options& o, std::string_view) { return set_mode(o, Mode::list_gates); }},
    {"add-gate", required_argument, nullptr,
     [](Options& o, std::string_view v) { return o.gate_name = v, set_mode(o, Mode::add_gate); }},
    {"forget-gate", required_argument, nullptr,
     [](Options& o, std::string_view v) { return o.gate_name = v, set_mode(o, Mode::forget_gate); }},
    {"help", no_argument, nullptr, [](Options& o, std::string_view) { return set_mode(o, Mode::help); }},
    {"version", no_argument, nullptr,
     [](Options& o, std::string_view) { return set_mode(o, Mode::version); }},
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

Done read_variables(Options& options) {
  for (const auto& choice : kChoices) {
    const char* value = choice.variable == nullptr ? nullptr : std::getenv(choice.variable);
    if (value == nullptr || *value == '\0') continue;
    if (const auto set = choice.set(options, value); !set)
      return tl::unexpected{set.error().within(choice.variable)};
  }
  return {};
}

Done read_switches(Options& options, int count, char** arguments) {
  std::array<option, std::size(kChoices) + 1> known{};
  std::transform(std::begin(kChoices), std::end(kChoices), known.begin(), [](const Choice& choice) {
    return option{choice.name, choice.takes, nullptr, 0};
  });
  opterr = 0;
  int which = 0;
  for (int chosen; (chosen = getopt_long(count, arguments, "", known.data(), &which)) != -1;) {
    if (chosen != 0) return fail("{} is no option, or has no value", escape_terminal(arguments[optind - 1]));
    const auto& choice = kChoices[static_cast<std::size_t>(which)];
    const std::string_view value = optarg == nullptr ? "" : optarg;
    if (choice.takes == required_argument && value.empty()) return fail("--{} needs a value", choice.name);
    RETURN_IF_ERROR(choice.set(options, value));
    if (choice.variable != nullptr)
      options.inherited.emplace_back(choice.variable, value.empty() ? "1" : value);
  }
  return {};
}

// What follows the options: the challenge in one or several words, or a gate's fingerprint.
Done read_words(Options& options, int count, char** arguments) {
  if (options.mode == Mode::askpass) {
    if (optind < count) return fail("--askpass takes the whole prompt as one argument");
    return read_variables(options);
  }
  if (options.mode == Mode::add_gate) {
    if (optind + 1 != count || !is_fingerprint(arguments[optind]))
      return fail("--add-gate needs the gate's name and its fingerprint, SHA256:…");
    options.gate_fingerprint = arguments[optind++];
  }
  if (optind < count && options.text) return fail("the challenge is given twice");
  for (; optind < count; ++optind) options.text = options.text.value_or("") + arguments[optind] + " ";
  if (options.mode == Mode::save && options.text)
    return fail("--save reads the secret from the terminal or standard input");
  if (options.mode != Mode::respond && options.mode != Mode::show && options.text)
    return fail("there is a challenge where none is expected");
  return {};
}

// "-- ssh kim@gate": what stands behind it is a command, not ours to read.
int length_before_command(int count, char** arguments) {
  for (int i = 1; i + 1 < count; ++i)
    if (std::string_view{arguments[i]} == "--") return i;
  return count;
}

}  // namespace

Result<Options> parse_options(int count, char** arguments) {
  Options options;
  if (started_by_ssh(count, arguments)) {
    options.mode = Mode::askpass;
    options.text = arguments[1];
    RETURN_IF_ERROR(read_variables(options));
    return options;
  }
  const int own = length_before_command(count, arguments);
  RETURN_IF_ERROR(read_switches(options, own, arguments));
  RETURN_IF_ERROR(read_words(options, own, arguments));
  if (own < count) {
    if (options.text) return fail("either a challenge or, after --, a command");
    RETURN_IF_ERROR(set_mode(options, Mode::command));
    options.command = arguments + own + 1;
  }
  return options;
}

}  // namespace sallyport
