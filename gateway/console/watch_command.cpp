// watch: each journal record as it comes, or a session's terminal, until Ctrl-C. Runs in: sallyport.
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>

#include <iostream>
#include <memory>

#include "base/escape.h"
#include "gateway/console/commands.h"
#include "gateway/console/control_client.h"
#include "gateway/console/live_view.h"
#include "gateway/console/output.h"
#include "gateway/console/record_text.h"
#include "gateway/review/values.h"

namespace sallyport {

namespace {

// Ctrl-C as a descriptor, so that it ends the loop in order and with exit code 0.
UniqueFd stop_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  sigprocmask(SIG_BLOCK, &set, nullptr);
  return UniqueFd{signalfd(-1, &set, SFD_CLOEXEC)};
}

Done show_line(const ConsoleContext& context, const nlohmann::json& line) {
  if (line.contains("refused")) return fail("{}", escape_terminal(text_of(line, "refused")));
  const auto& record = member(line, line.contains("traffic") ? "traffic" : "record");
  if (!record.is_object()) return {};
  if (context.json)
    std::cout << json_text(record) << std::endl;
  else
    print(record_text(record, context.color));
  if (!std::cout) return fail("nobody reads standard output");
  return {};
}

// Every whole line that is there now.
Done show_lines(const ConsoleContext& context, ControlClient& client) {
  for (;;) {
    const auto line = client.next_line(false);
    if (!line && line.error().code() == EAGAIN) return {};
    if (!line) return tl::unexpected{line.error()};
    RETURN_IF_ERROR(show_line(context, *line));
  }
}

Done watch_records(ConsoleContext& context, const std::string& grant) {
  const UniqueFd stop = stop_signals();
  ASSIGN_OR_RETURN(auto client, connect(context));
  nlohmann::json request{{"ask", "watch"}};
  if (!grant.empty()) request["grant"] = grant;
  RETURN_IF_ERROR(client.send(request));
  for (;;) {
    pollfd waiting[] = {{client.fd(), POLLIN, 0}, {stop.get(), POLLIN, 0}};
    if (poll(waiting, 2, -1) < 0 && errno != EINTR) return fail_errno("waiting for records");
    if (waiting[1].revents != 0) return {};
    auto shown = show_lines(context, client);
    if (!shown && shown.error().code() == ECONNRESET) context.exit_code = exit_code::not_reachable;
    if (!shown) return shown;
  }
}

// A session's name says that it is the terminal that is wanted, not the records.
Done watch(ConsoleContext& context, LiveOptions options) {
  if (options.session.starts_with("s-")) {
    options.json = context.json;
    return watch_session(context, std::move(options));
  }
  if (options.channel != 0 || options.raw)
    return fail("--channel and --raw are for the terminal of a session (s-…)");
  return watch_records(context, options.session);
}

}  // namespace

void add_watch_command(const Command& app, ConsoleContext& context) {
  const auto options = std::make_shared<LiveOptions>();
  const auto command =
      app.subcommand("watch", "Show what happens, or a terminal, as it happens").heading(group::sessions);
  command.option("grant", options->session,
                 "only this grant (g-…); or a session (s-…), whose terminal is then shown");
  command.option("--channel", options->channel, "which of the session's terminals; the newest if left out")
      .between(1U, 999999999U);
  command.flag("--raw", options->raw, "pass every byte to the terminal, dangerous sequences too");
  command.footer(
      "Of a session everything so far is shown at once, then what comes. Nothing is sent to it, and the rep\n"
      "is not told; the journal is. With --json its asciicast, one event a line.\n"
      "Example:\n  sallyport watch\n  sallyport watch s-2m8xw4aa\n  sallyport watch --json | jq .event");
  command.runs([&context, options] { run_command(context, [&] { return watch(context, *options); }); });
}

}  // namespace sallyport
