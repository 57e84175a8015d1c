// Runs in: sallyport.
#include "gateway/console/setup_gate.h"

#include <fmt/format.h>
#include <unistd.h>

#include <iostream>

#include "gateway/console/control_client.h"
#include "gateway/console/host_addresses.h"
#include "gateway/console/host_network.h"
#include "gateway/console/problem_report.h"
#include "policies/file_formats.h"
#include "policies/parser.h"

namespace sallyport {

namespace {

constexpr const char* kHead =
    "# The gate itself, as `sallyport setup` wrote it: see sallyport.toml(5). All that can stand here, with "
    "comments,\n"
    "# is in /usr/share/sallyport/sallyport.toml. After a change: sallyport check && systemctl restart "
    "sallyportd\n";

std::string own_name() {
  char name[256] = "";
  return gethostname(name, sizeof name - 1) == 0 && is_host_name(name) ? name : "";
}

// The one interface that is not the loopback, if there is but one.
std::string only_interface(const std::vector<HostAddress>& host) {
  std::string only;
  for (const auto& [interface, address] : host) {
    if (interface == "lo" || interface == only) continue;
    if (!only.empty()) return {};
    only = interface;
  }
  return only;
}

Result<Catalogue> whole(tl::expected<Catalogue, Problems>&& loaded, const ConsoleContext& context) {
  if (loaded) return *std::move(loaded);
  return fail("{} is not in order, and stays as it is: {} (sallyport check shows all)",
              context.config.string(), summary_of(loaded.error()));
}

// As doctor sees it: what would keep the gate from listening.
Done check_ports_free(const ConsoleContext& context, const Catalogue& catalogue) {
  const auto finding = check_ports({context, catalogue, fail("the gate does not run yet")});
  if (finding.verdict != Verdict::fail) return {};
  return fail("{}; nothing was changed. To do: {}; then sallyport setup again", finding.text, finding.fix);
}

// A person is asked again.
Result<std::vector<Address>> addresses_to_serve(Answers& answers, const std::vector<HostAddress>& host,
                                                Respondent respondent) {
  for (;;) {
    RETURN_IF_ERROR(
        complete(answers, {{Topic::gate_addresses, Need::required, only_interface(host)}}, respondent));
    auto addresses = service_addresses(answers.list(Topic::gate_addresses), host);
    if (addresses || respondent == Respondent::nobody) return addresses;
    std::cerr << "  " << addresses.error().message() << std::endl;
    RETURN_IF_ERROR(answers.set(Topic::gate_addresses, ""));
  }
}

Result<GatePlan> plan_new_gate(ConsoleContext& context, Answers& answers, Respondent respondent) {
  if (ControlClient::connect(context.socket))
    return fail(
        "sallyportd runs without its sallyport.toml: systemctl stop sallyportd, then sallyport setup again");
  ASSIGN_OR_RETURN(const auto host, host_addresses());
  if (respondent == Respondent::person) std::cerr << "This host has " << list_of(host) << ".\n";
  RETURN_IF_ERROR(complete(answers, {{Topic::gate_name, Need::required, own_name()}}, respondent));
  ASSIGN_OR_RETURN(const auto addresses, addresses_to_serve(answers, host, respondent));
  RETURN_IF_ERROR(
      complete(answers, {{Topic::gate_ssh_port}, {Topic::gate_https_port, Need::optional}}, respondent));
  auto text = settings_text(answers, addresses);
  ASSIGN_OR_RETURN(auto catalogue, whole(load_catalogue_with(context.config, text), context));
  RETURN_IF_ERROR(check_ports_free(context, catalogue));
  return GatePlan{std::move(catalogue), std::move(text)};
}

}  // namespace

Result<GatePlan> plan_gate(ConsoleContext& context, Answers& answers, Respondent respondent) {
  std::error_code ignored;
  const auto status = std::filesystem::symlink_status(context.config / "sallyport.toml", ignored);
  if (!std::filesystem::exists(status)) return plan_new_gate(context, answers, respondent);
  ASSIGN_OR_RETURN(auto catalogue, whole(load_catalogue(context.config), context));
  return GatePlan{std::move(catalogue), {}};
}

std::string settings_text(const Answers& answers, const std::vector<Address>& addresses) {
  std::vector<std::string> quoted;
  for (const auto& address : addresses) quoted.push_back(to_toml_string(address.text()));
  auto text = fmt::format("{}\n[gate]\nname = {}\naddresses = [{}]\nssh_port = {}\n", kHead,
                          to_toml_string(answers.text(Topic::gate_name)), fmt::join(quoted, ", "),
                          answers.port(Topic::gate_ssh_port));
  if (answers.has(Topic::gate_https_port))
    text += fmt::format("\n[https]\nport = {}\n", answers.port(Topic::gate_https_port));
  return text;
}

std::string shown(const Settings& settings) {
  std::vector<std::string> addresses;
  for (const auto& address : settings.addresses) addresses.push_back(address.text());
  return fmt::format("{} on {}, SSH port {}{}", settings.gate_name, fmt::join(addresses, ", "),
                     settings.ssh_port.value(),
                     settings.https ? fmt::format(", HTTPS port {}", settings.https->port.value()) : "");
}

}  // namespace sallyport
