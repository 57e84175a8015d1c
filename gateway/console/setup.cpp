// Runs in: sallyport, as root.
#include "gateway/console/setup.h"

#include <pwd.h>
#include <shadow.h>

#include "base/escape.h"
#include "base/file.h"
#include "gateway/console/control_client.h"
#include "gateway/console/host_key_making.h"
#include "gateway/console/output.h"
#include "gateway/console/run_program.h"
#include "gateway/console/table.h"
#include "gateway/review/values.h"
#include "policies/evaluate.h"

namespace sallyport {

namespace {

using Json = nlohmann::json;

constexpr const char *kKept = "kept", *kMade = "made", *kToDo = "to do";
constexpr mode_t kSettingsMode = 0644;

// From where a session could well come, as far as the settings tell.
std::string some_network(const Settings& settings) {
  if (!settings.isolated_networks.empty()) return settings.isolated_networks.front().text();
  return settings.addresses.front().family() == Family::ipv4 ? "192.0.2.0/24" : "2001:db8::/32";
}

// Whether somebody can log in with a password of this host; a directory's are not known here.
std::string password_of(const std::string& account) {
  if (getpwnam(account.c_str()) == nullptr) return "there is no such account here";
  const auto* shadow = getspnam(account.c_str());
  const bool has_none = shadow != nullptr && (*shadow->sp_pwdp == '!' || *shadow->sp_pwdp == '*');
  return has_none ? "it has no password" : "";
}

}  // namespace

Done Setup::run() {
  RETURN_IF_ERROR(plan());
  RETURN_IF_ERROR(write_settings());
  RETURN_IF_ERROR(start_monitor());
  RETURN_IF_ERROR(settle_target());
  return settle_rep();
}

void Setup::tell(const char* outcome, const char* step, const std::string& text) {
  told_["steps"].push_back({{"step", step}, {"outcome", outcome}, {"text", text}});
  if (context_.json) return;
  const auto color = outcome == kToDo ? Color::warning : outcome == kMade ? Color::good : Color::none;
  print(fmt::format("{}  {:<9} {}\n", painted(fmt::format("{:<5}", outcome), color, context_.color), step,
                    escape_terminal(text)));
}

// ---- the plan: every answer, before the first file

bool Setup::lacks_target() const {
  const auto& known = gate_.catalogue.targets;
  return answers_.has(Topic::target_name) ? !known.contains(answers_.text(Topic::target_name))
                                          : known.empty();
}

bool Setup::lacks_rep() const {
  const auto& known = gate_.catalogue.reps;
  return answers_.has(Topic::rep_name) ? !known.contains(answers_.text(Topic::rep_name)) : known.empty();
}

Done Setup::plan() {
  ASSIGN_OR_RETURN(gate_, plan_gate(context_, answers_, respondent_));
  const bool has_all = !gate_.is_new() && !lacks_target() && !lacks_rep();
  if (has_all && !answers_.has(Topic::policy)) return {};
  if (lacks_target()) RETURN_IF_ERROR(plan_target());
  if (lacks_rep()) RETURN_IF_ERROR(plan_rep());
  // A later run is about what it names.
  const auto who = gate_.is_new() ? respondent_ : Respondent::nobody;
  RETURN_IF_ERROR(complete(answers_, {{Topic::policy}}, who));
  return check_that_it_fits();
}

Done Setup::plan_target() {
  RETURN_IF_ERROR(complete(answers_,
                           {{Topic::target_name},
                            {Topic::target_addresses},
                            {Topic::target_port},
                            {Topic::target_user},
                            {Topic::target_login}},
                           respondent_));
  const auto& login = answers_.text(Topic::target_login);
  // A person is asked for a password without echo, and shown the keys, when it comes to that.
  const bool asks_later = respondent_ == Respondent::person;
  if (login == "key" || (login == "password" && !asks_later))
    RETURN_IF_ERROR(complete(answers_, {{Topic::target_secret_file}}, respondent_));
  if (!asks_later) RETURN_IF_ERROR(complete(answers_, {{Topic::target_expect}}, respondent_));
  if (!gate_.catalogue.settings.https) return {};
  return complete(answers_, {{Topic::target_https_port, Need::optional}}, respondent_);
}

Done Setup::plan_rep() {
  return complete(answers_,
                  {{Topic::rep_name},
                   {Topic::rep_full_name, Need::optional},
                   {Topic::rep_contact, Need::optional},
                   {Topic::rep_account, Need::optional}},
                  respondent_);
}

// Asks what `sallyport enable` would be asked, of a configuration as it will be.
Done Setup::check_that_it_fits() const {
  auto future = gate_.catalogue;
  EnableRequest request;
  request.policy = answers_.text(Topic::policy);
  request.networks = {some_network(future.settings)};
  request.target =
      answers_.has(Topic::target_name) ? answers_.text(Topic::target_name) : future.targets.begin()->first;
  request.rep = answers_.has(Topic::rep_name) ? answers_.text(Topic::rep_name) : future.reps.begin()->first;
  if (lacks_target()) {
    auto& target = future.targets[request.target];
    target.name = request.target;
    for (const auto& text : answers_.list(Topic::target_addresses))
      if (const auto address = Address::parse(text)) target.addresses.push_back(*address);
    if (answers_.has(Topic::target_https_port)) target.https.emplace();
  }
  if (lacks_rep()) {
    auto& rep = future.reps[request.rep];
    rep.name = request.rep;
    rep.method = answers_.has(Topic::rep_key) ? ResponseMethod::ssh_signature : ResponseMethod::ocra;
  }
  const auto everybody = [](const Rep&, ResponseMethod) { return true; };
  if (const auto own = addresses_of_its_own(future, context_.config); !own.empty())
    return fail("target {}: {}", request.target, own.front().text);
  if (const auto permit = evaluate(future, request, everybody); !permit)
    return fail("nobody could be let in like this: {}", permit.error().message());
  return {};
}

// ---- the gate

Done Setup::write_settings() {
  const auto& settings = gate_.catalogue.settings;
  ASSIGN_OR_RETURN(const auto key, have_host_key(context_.config, settings.ssh_profile, settings.gate_name));
  tell(key.is_new ? kMade : kKept, "host key", fmt::format("{}: {}", key.file.string(), key.shown));
  const auto file = context_.config / "sallyport.toml";
  if (gate_.is_new()) RETURN_IF_ERROR(replace_file(file, gate_.text, kSettingsMode));
  tell(gate_.is_new() ? kMade : kKept, "settings", fmt::format("{}: {}", file.string(), shown(settings)));
  tell(kKept, "policies", names_in(gate_.catalogue.policies));
  return {};
}

// By the service manager, where there is one; it says itself what goes wrong with that.
Done Setup::start_monitor() {
  if (ControlClient::connect(context_.socket)) return tell(kKept, "monitor", "sallyportd runs"), Done{};
  std::error_code ignored;
  if (std::filesystem::exists("/run/systemd/system", ignored)) {
    const auto started = run_program({"systemctl", "start", "sallyportd.service"}, {});
    if (!started || started->status != 0)
      return fail("sallyportd does not start (journalctl -u sallyportd says why)");
  }
  if (ControlClient::connect(context_.socket)) return tell(kMade, "monitor", "sallyportd is started"), Done{};
  context_.exit_code = exit_code::not_reachable;
  return fail("sallyportd does not run: start it, then sallyport setup again, which goes on from here");
}

// ---- who is let in, and into what

Done Setup::settle_target() {
  if (!lacks_target()) return tell(kKept, "target", names_in(gate_.catalogue.targets)), Done{};
  NewTarget target;
  target.name = answers_.text(Topic::target_name);
  target.addresses = answers_.list(Topic::target_addresses);
  target.port = answers_.port(Topic::target_port);
  target.user = answers_.text(Topic::target_user);
  target.login = answers_.text(Topic::target_login);
  target.secret_file = answers_.text(Topic::target_secret_file);
  target.pin.expected = answers_.list(Topic::target_expect);
  target.https.wanted = answers_.has(Topic::target_https_port);
  target.https.port = answers_.port(Topic::target_https_port);
  const auto added = add_target(context_, target);
  if (!added) return tl::unexpected{added.error().within("target " + target.name)};
  tell(kMade, "target",
       fmt::format("{}, pinned: {}", target.name, join(texts_of(member(*added, "target"), "fingerprints"))));
  return {};
}

Done Setup::settle_rep() {
  const auto& name = answers_.text(Topic::rep_name);
  if (lacks_rep()) {
    Json request{{"ask", "rep.add"}, {"name", name}};
    for (const auto& [topic, key] : {std::pair{Topic::rep_full_name, "full_name"},
                                     {Topic::rep_contact, "contact"},
                                     {Topic::rep_account, "account"}})
      if (answers_.has(topic)) request[key] = answers_.text(topic);
    RETURN_IF_ERROR(ask(context_, request));
    tell(kMade, "rep", name);
    mind_the_password();
    return enroll_rep();
  }
  tell(kKept, "rep", names_in(gate_.catalogue.reps));
  const auto known = gate_.catalogue.reps.find(name);
  if (known == gate_.catalogue.reps.end() || is_enrolled(known->second)) return {};
  return enroll_rep();  // a run before this one came as far as the name
}

// Passwords are the site's, and so is what this needs to be done.
void Setup::mind_the_password() {
  const auto& account =
      answers_.text(answers_.has(Topic::rep_account) ? Topic::rep_account : Topic::rep_name);
  const auto missing = password_of(account);
  if (missing.empty()) return;
  tell(kToDo, "password",
       fmt::format(
           "account {}: {} (useradd --shell /usr/sbin/nologin {} ; passwd {}; or have a directory that "
           "knows it: PAM.md)",
           account, missing, account, account));
}

Done Setup::enroll_rep() {
  const auto& name = answers_.text(Topic::rep_name);
  if (answers_.has(Topic::rep_key)) {
    const KeyFiles files{{answers_.text(Topic::rep_key)}, {}, {}};
    ASSIGN_OR_RETURN(told_["enrollment"], enroll_keys(context_, name, files));
    if (!context_.json) print_enrolled_keys(context_, name, files, told_["enrollment"]);
    return {};
  }
  ASSIGN_OR_RETURN(const auto enrollment, enroll_secret(context_, {name, {}}));
  if (!context_.json) return print_enrollment(context_, enrollment, context_.color);
  told_["enrollment"] = enrollment.document();
  return {};
}

}  // namespace sallyport
