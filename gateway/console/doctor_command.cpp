// doctor: is everything there that the gate stands on? Runs in: sallyport.
#include <algorithm>
#include <array>

#include "base/advice.h"
#include "base/escape.h"
#include "gateway/console/commands.h"
#include "gateway/console/control_client.h"
#include "gateway/console/doctor.h"
#include "gateway/console/host_network.h"
#include "gateway/console/output.h"
#include "gateway/console/table.h"

namespace sallyport {

namespace {

struct Check {
  const char* name;
  Finding (*look)(const Patient&);
};
constexpr std::array kChecks{
    Check{"kernel", check_kernel},
    Check{"clock", check_clock},
    Check{"groups", check_groups},
    Check{"worker", check_worker_account},
    Check{"programs", check_installed_programs},
    Check{"pam", check_pam},
    Check{"config", check_config},
    Check{"content", check_enrollment},
    Check{"permissions", check_permissions},
    Check{"host keys", check_host_keys},
    Check{"secrets", check_secrets},
    Check{"records", check_records},
    Check{"sending", check_sending},
    Check{"daemon", check_daemon},
    Check{"grants", check_grants},
    Check{"nftables", check_nftables},
    Check{"base table", check_base_table},
    Check{"host firewall", check_host_firewall},
    Check{"mark bit", check_mark_bit},
    Check{"forwarding", check_forwarding},
    Check{"reverse path", check_reverse_path},
    Check{"addresses", check_addresses},
    Check{"ports", check_ports},
    Check{"metrics", check_metrics},
};

Color color_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::ok:
      return Color::good;
    case Verdict::warn:
      return Color::warning;
    case Verdict::fail:
      return Color::bad;
  }
  return Color::none;
}

void print_finding(const ConsoleContext& context, const Check& check, const Finding& finding) {
  const auto verdict =
      painted(fmt::format("{:<4}", to_text(finding.verdict)), color_of(finding.verdict), context.color);
  print(fmt::format("{}  {:<14} {}\n", verdict, check.name, escape_terminal(finding.text)));
  if (!finding.fix.empty()) print(fmt::format("{:21}to do: {}\n", "", escape_terminal(finding.fix)));
}

// The daemon's answer; that it cannot be reached is a finding, not the end.
Result<nlohmann::json> answer_of(const ConsoleContext& context, const nlohmann::json& question) {
  ASSIGN_OR_RETURN(auto client, ControlClient::connect(context.socket));
  ASSIGN_OR_RETURN(auto reply, client.ask(question));
  return std::move(reply.result);
}

}  // namespace

nlohmann::json diagnose(ConsoleContext& context) {
  const Patient patient{context, load_catalogue(context.config),
                        answer_of(context, {{"ask", "status"}}),
                        answer_of(context, {{"ask", "list"}, {"all", false}})};
  nlohmann::json findings = nlohmann::json::array();
  Verdict worst = Verdict::ok;
  for (const auto& check : kChecks) {
    const auto finding = check.look(patient);
    worst = std::max(worst, finding.verdict);
    findings.push_back({{"check", check.name},
                        {"verdict", to_text(finding.verdict)},
                        {"text", finding.text},
                        {"fix", finding.fix}});
    if (!context.json) print_finding(context, check, finding);
  }
  if (worst == Verdict::fail) context.exit_code = exit_code::refused;
  return {{"verdict", to_text(worst)}, {"checks", findings}};
}

const char* to_text(Verdict verdict) noexcept {
  switch (verdict) {
    case Verdict::ok:
      return "ok";
    case Verdict::warn:
      return "warn";
    case Verdict::fail:
      return "FAIL";
  }
  return "?";
}

Finding fine(std::string text) { return {Verdict::ok, std::move(text), ""}; }
Finding warning(std::string text, std::string fix) {
  return {Verdict::warn, std::move(text), std::move(fix)};
}
Finding failure(std::string text, std::string fix) {
  return {Verdict::fail, std::move(text), std::move(fix)};
}
Finding failure(const Error& error) {
  auto [problem, fix] = split_advice(with_advice(error));
  return failure(std::move(problem), std::move(fix));
}

void add_doctor_command(const Command& app, ConsoleContext& context) {
  const auto command = app.subcommand("doctor", "Check kernel, firewall, PAM, clock, permissions, ports")
                           .heading(group::setup);
  command.footer(
      "Example:\n  sudo sallyport doctor\nIt changes nothing. Exit code 1 when a check says FAIL.");
  command.runs([&context] {
    const auto found = diagnose(context);
    if (context.json) print_json(found);
  });
}

}  // namespace sallyport
