// watch: each journal record as it comes, until Ctrl-C. Runs in: sallyport.
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>

#include <iostream>
#include <memory>

#include "base/escape.h"
#include "gateway/console/commands.h"
#include "gateway/console/control_client.h"
#include "gateway/console/output.h"
#include "gateway/console/record_text.h"
#include "gateway/console/values.h"

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

Done watch(ConsoleContext& context, const std::string& grant) {
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

}  // namespace

void add_watch_command(const Command& app, ConsoleContext& context) {
  const auto grant = std::make_shared<std::string>();
  const auto command =
      app.subcommand("watch", "Show what happens as it happens, until Ctrl-C").heading(group::sessions);
  command.option("grant", *grant, "only this grant or session");
  command.footer("Example:\n  sallyport watch\n  sallyport watch --json | jq .event");
  command.runs([&context, grant] { run_command(context, [&] { return watch(context, *grant); }); });
}

}  // namespace sallyport
