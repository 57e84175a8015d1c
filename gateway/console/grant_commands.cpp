// enable, list, show, revoke, unlock, pause, resume, end. Runs in: sallyport.
#include <memory>

#include "base/duration.h"
#include "base/escape.h"
#include "gateway/console/commands.h"
#include "gateway/console/control_client.h"
#include "gateway/console/file_table.h"
#include "gateway/console/grant_text.h"
#include "gateway/console/output.h"
#include "gateway/review/values.h"

namespace sallyport {

namespace {

using Json = nlohmann::json;

struct EnableOptions {
  std::string rep, target, policy, managed_system, connect_within, session, ticket, reason;
  std::vector<std::string> networks, services;
};

Done put_duration(Json& request, const char* key, const char* option, const std::string& text) {
  if (text.empty()) return {};
  const auto value = parse_duration(text);
  if (!value) return tl::unexpected{value.error().within(option)};
  request[key] = static_cast<std::uint64_t>(value->count());
  return {};
}

void put_text(Json& request, const char* key, const std::string& text) {
  if (!text.empty()) request[key] = text;
}

Result<Json> enable_request(const EnableOptions& options) {
  Json request{{"ask", "enable"},
               {"rep", options.rep},
               {"target", options.target},
               {"policy", options.policy},
               {"networks", options.networks}};
  RETURN_IF_ERROR(put_duration(request, "connect_within", "--connect-within", options.connect_within));
  RETURN_IF_ERROR(put_duration(request, "session", "--for", options.session));
  put_text(request, "managed_system", options.managed_system);
  if (!options.services.empty()) request["services"] = options.services;
  put_text(request, "ticket", options.ticket);
  put_text(request, "reason", options.reason);
  return request;
}

void print_notices(const Json& result) {
  for (const auto& notice : texts_of(result, "notices")) print("\n" + escape_terminal(notice) + "\n");
}

Done enable(ConsoleContext& context, const EnableOptions& options) {
  ASSIGN_OR_RETURN(const auto request, enable_request(options));
  ASSIGN_OR_RETURN(const auto result, ask(context, request));
  if (context.json) return print_json(result), Done{};
  const auto& grant = member(result, "grant");
  print(grant_text(grant, context.color, SystemClock{}.wall()) + "\n" +
        tell_text(member(result, "tell"), context.color));
  print_notices(result);
  print(fmt::format("\nFollow it: sallyport watch   Take it back: sallyport revoke {}\n",
                    text_of(grant, "id")));
  return {};
}

void add_enable(const Command& app, ConsoleContext& context) {
  // Shared with the command's body.
  const auto options = std::make_shared<EnableOptions>();
  const auto command = app.subcommand("enable", "Let one rep in, once").heading(group::sessions);
  command.option("--rep", options->rep, "who (sallyport rep list)").required();
  command.option("--target", options->target, "where to (sallyport target list)").required();
  command.option("--policy", options->policy, "with which services and limits").required();
  command.option("--from", options->networks, "networks the rep may come from, CIDR, separated by commas")
      .required()
      .separated_by_commas();
  command.option("--service", options->services, "services marked legacy to offer too, separated by commas")
      .separated_by_commas();
  command.option("--managed-system", options->managed_system,
                 "the server behind the HMC, where the policy reaches one");
  command.option("--connect-within", options->connect_within,
                 "time to connect; else 30m, or the policy's limit if that is less");
  command.option("--for", options->session,
                 "longest session; else 4h, or the policy's limit if that is less");
  command.option("--ticket", options->ticket, "ticket number, for the record");
  command.option("--reason", options->reason, "why, for the record");
  command.footer(
      "Example:\n  sallyport enable --rep kim --target hmc1 --policy hmc-ssh --from 203.0.113.0/24 \\\n"
      "      --connect-within 30m --for 4h --ticket PMR-4711 --reason \"replace DIMM\"");
  command.runs([&context, options] { run_command(context, [&] { return enable(context, *options); }); });
}

void add_list(const Command& app, ConsoleContext& context) {
  const auto all = std::make_shared<bool>(false);
  const auto command = app.subcommand("list", "Grants that are armed or active").heading(group::sessions);
  command.flag("--all,-a", *all, "also the 256 that ended last");
  command.footer("Example:\n  sallyport list --all");
  command.runs([&context, all] {
    run_command(context, [&]() -> Done {
      ASSIGN_OR_RETURN(const auto result, ask(context, {{"ask", "list"}, {"all", *all}}));
      if (context.json)
        print_json(result);
      else
        print(grants_text(member(result, "grants"), context.color, SystemClock{}.wall()));
      return {};
    });
  });
}

// Of the journal, which only root and group sallyport-auditor may read; others are shown the totals alone.
void add_files(const ConsoleContext& context, Json& result) {
  const auto session = text_of(member(result, "grant"), "session");
  if (session.empty()) return;
  if (auto files = files_of(context.state, session); files && !files->empty())
    result["files"] = *std::move(files);
}

void add_show(const Command& app, ConsoleContext& context) {
  const auto name = std::make_shared<std::string>();
  const auto command =
      app.subcommand("show", "One grant, its files, and what the kernel holds open").heading(group::sessions);
  command.option("grant", *name, "grant (g-…) or session (s-…)").required();
  command.footer("Example:\n  sallyport show g-7k3m9q2x");
  command.runs([&context, name] {
    run_command(context, [&]() -> Done {
      ASSIGN_OR_RETURN(auto result, ask(context, {{"ask", "show"}, {"grant", *name}}));
      add_files(context, result);
      if (context.json) return print_json(result), Done{};
      print(grant_text(member(result, "grant"), context.color, SystemClock{}.wall()));
      if (result.contains("tell")) print("\n" + tell_text(result["tell"], context.color));
      if (result.contains("files")) print("\n" + files_text(result["files"], context.color));
      print("\n" + kernel_text(member(result, "kernel"), context.color));
      return {};
    });
  });
}

// What an admin does to a grant, with a reason.
struct Act {
  const char* name;
  const char* description;
  const char* footer;
};
constexpr Act kActs[] = {
    {"pause", "Hold what the rep sends in a running session",
     "Nothing of the rep's reaches the target until it is resumed: no typing, no file, no new program. What\n"
     "the target sends goes on. The session's end stays where it is; the idle time does not run meanwhile.\n"
     "Forwarded ports are not paused, because the kernel carries them: only end closes those.\n"
     "Example:\n  sallyport pause s-2m8xw4aa --reason \"wait for the backup\""},
    {"resume", "Let a paused session go on",
     "What was held reaches the target then, in order.\nExample:\n  sallyport resume s-2m8xw4aa"},
    {"revoke", "Take a grant back, and end its session",
     "Example:\n  sallyport revoke g-7k3m9q2x --reason \"wrong address\""},
    {"unlock", "Let those try again who were closed out after too many failed logins",
     "A source that failed too often is closed out of the grant; failures from several lock it. sallyport "
     "show says\n"
     "which. Both are forgotten; the time to connect stays as it was.\n"
     "Example:\n  sallyport unlock g-7k3m9q2x --reason \"kim called, caps lock\""},
    {"end", "End a running session", "Example:\n  sallyport end s-2m8xw4aa --reason \"work is done\""},
};

void add_act(const Command& app, ConsoleContext& context, const Act& act) {
  struct Options {
    std::string grant, reason;
  };
  const auto options = std::make_shared<Options>();
  const auto command = app.subcommand(act.name, act.description).heading(group::sessions);
  command.option("grant", options->grant, "grant (g-…) or session (s-…)").required();
  command.option("--reason", options->reason, "why, for the record and for the rep");
  command.footer(act.footer);
  command.runs([&context, &act, options] {
    run_command(context, [&]() -> Done {
      Json request{{"ask", act.name}, {"grant", options->grant}};
      put_text(request, "reason", options->reason);
      ASSIGN_OR_RETURN(const auto result, ask(context, request));
      if (context.json) return print_json(result), Done{};
      print(grant_text(member(result, "grant"), context.color, SystemClock{}.wall()));
      print_notices(result);
      return {};
    });
  });
}

}  // namespace

void add_grant_commands(const Command& app, ConsoleContext& context) {
  add_enable(app, context);
  add_list(app, context);
  add_show(app, context);
  for (const auto& act : kActs) add_act(app, context, act);
}

}  // namespace sallyport
