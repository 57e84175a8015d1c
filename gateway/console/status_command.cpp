// status: what the gate is doing now. Runs in: sallyport.
#include "gateway/console/commands.h"
#include "gateway/console/control_client.h"
#include "gateway/console/output.h"
#include "gateway/console/status_text.h"

namespace sallyport {

void add_status_command(const Command& app, ConsoleContext& context) {
  const auto command = app.subcommand("status", "What the gate is doing now").heading(group::sessions);
  command.footer("Example:\n  sallyport status --json");
  command.runs([&context] {
    run_command(context, [&]() -> Done {
      ASSIGN_OR_RETURN(const auto status, ask(context, {{"ask", "status"}}));
      if (context.json)
        print_json(status);
      else
        print(status_text(status, context.color, SystemClock{}.wall()));
      return {};
    });
  });
}

}  // namespace sallyport
