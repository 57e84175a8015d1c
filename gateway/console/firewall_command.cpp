// firewall show: what the kernel holds open now, for whom, until when. Runs in: sallyport.
#include <memory>

#include "gateway/console/commands.h"
#include "gateway/console/control_client.h"
#include "gateway/console/firewall_text.h"
#include "gateway/console/output.h"

namespace sallyport {

void add_firewall_commands(const Command& app, ConsoleContext& context) {
  const auto nft = std::make_shared<bool>(false);
  const auto group = app.subcommand("firewall", "What the kernel lets through").heading(group::review);
  group.needs_subcommand();
  group.footer("Example:\n  sallyport firewall show");
  const auto show = group.subcommand("show", "Everything that is open now, for which grant, until when");
  show.flag("--nft", *nft, "as nft would print it: the table that refuses, and what is open");
  show.footer("Example:\n  sallyport firewall show --nft\nThe packets of a line are the kernel's count.");
  show.runs([&context, nft] {
    run_command(context, [&]() -> Done {
      ASSIGN_OR_RETURN(const auto result, ask(context, {{"ask", "firewall.show"}}));
      if (context.json)
        print_json(result);
      else
        print(*nft ? firewall_nft_text(result) : firewall_text(result, context.color, SystemClock{}.wall()));
      return {};
    });
  });
}

}  // namespace sallyport
