// policies/NAME.toml. Runs in: sallyportd, sallyport.
#include <algorithm>

#include "base/mask_rule.h"
#include "policies/file_formats.h"
#include "policies/service_table.h"

namespace sallyport {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t kLongestDescription = 256;

void read_limits(TableReader limits, Policy& policy) {
  policy.connect_within = limits.duration("connect_within", policy.connect_within, 1s, 24h * 7);
  policy.session = limits.duration("session", policy.session, 1s, 24h * 7);
  policy.idle = limits.duration("idle", policy.idle, 1s, 24h);
  policy.failed_logins =
      static_cast<std::uint32_t>(limits.number("failed_logins", policy.failed_logins, 1, 1000));
  policy.failed_dial_spends = limits.boolean("failed_dial_spends", policy.failed_dial_spends);
  policy.channels = static_cast<std::uint32_t>(limits.number("channels", policy.channels, 1, 100));
  limits.finish();
}

Result<ResponseMethod> parse_method(std::string_view text) {
  for (const auto method : {ResponseMethod::ocra, ResponseMethod::ssh_signature, ResponseMethod::webauthn})
    if (text == to_text(method)) return method;
  return fail(
      "'{}' is not a challenge method of this version (expected \"ocra\", \"ssh-signature\" or \"webauthn\")",
      text);
}

void read_login(TableReader login, Policy& policy) {
  if (login.has("methods")) policy.methods.clear();
  for (const auto& [line, method] : login.values("methods", 8, parse_method))
    policy.methods.push_back(method);
  if (login.has("methods") && policy.methods.empty())
    login.problem(login.line_of("methods"),
                  "'methods' in [login] allows no challenge method (expected [\"ocra\", \"ssh-signature\", "
                  "\"webauthn\"])");
  policy.user_verification = login.boolean("user_verification", policy.user_verification);
  login.finish();
}

void read_ssh(TableReader ssh, Policy& policy) {
  policy.files = ssh.choice("files", policy.files,
                            {{"none", FileWays::none},
                             {"to-target", FileWays::to_target},
                             {"from-target", FileWays::from_target},
                             {"both", FileWays::both}});
  ssh.finish();
}

void read_recording(TableReader recording, Policy& policy) {
  policy.record_input = recording.boolean("input", policy.record_input);
  policy.recording_limit = recording.size("limit", policy.recording_limit, 4096, 1ULL << 40);
  for (const auto& [line, rule] : recording.values("mask_after", MaskRule::kMost, MaskRule::parse)) {
    auto& rules = policy.masked_after;
    if (std::find(rules.begin(), rules.end(), rule.text) != rules.end())
      recording.problem(line, fmt::format("'mask_after' in [recording] names \"{}\" twice", rule.text));
    rules.push_back(rule.text);
  }
  recording.finish();
}

}  // namespace

Policy read_policy(TableReader file, const std::string& name, Port gate_ssh_port) {
  Policy policy;
  policy.name = name;
  policy.description = file.text("description", "", kLongestDescription);
  policy.targets = file.some_of("targets", std::vector<TargetKind>{},
                                {{"power", TargetKind::power}, {"ds8000", TargetKind::ds8000}});
  read_limits(file.table("limits"), policy);
  read_login(file.table("login"), policy);
  read_ssh(file.table("ssh"), policy);
  read_recording(file.table("recording"), policy);
  policy.services = read_services(file, gate_ssh_port);
  file.finish();
  return policy;
}

}  // namespace sallyport
