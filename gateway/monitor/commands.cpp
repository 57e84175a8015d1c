// Runs in: sallyportd (privileged).
#include "gateway/monitor/commands.h"

#include <algorithm>
#include <array>

namespace sallyport {

namespace {

// clang-format off
constexpr std::array kCommands{
    Command{"enable",        Role::admin,   enable_command},
    Command{"list",          Role::auditor, list_command},
    Command{"show",          Role::auditor, show_command},
    Command{"revoke",        Role::admin,   revoke_command},
    Command{"unlock",        Role::admin,   unlock_command},
    Command{"pause",         Role::admin,   pause_command},
    Command{"resume",        Role::admin,   resume_command},
    Command{"end",           Role::admin,   end_command},
    Command{"status",        Role::auditor, status_command},
    Command{"watch",         Role::auditor, watch_command},
    Command{"session.watch", Role::auditor, session_watch_command},
    Command{"recording.read", Role::auditor, recording_read_command},
    Command{"recording.rule", Role::auditor, recording_rule_command},
    Command{"recording.delete", Role::admin, recording_delete_command},
    Command{"journal.rule",  Role::auditor, journal_rule_command},
    Command{"journal.delete", Role::admin,  journal_delete_command},
    Command{"firewall.show", Role::auditor, firewall_show_command},
    Command{"reload",        Role::admin,   reload_command},
    Command{"rep.add",       Role::admin,   rep_add_command},
    Command{"rep.list",      Role::auditor, rep_list_command},
    Command{"rep.remove",    Role::admin,   rep_remove_command},
    Command{"rep.enroll",    Role::admin,   rep_enroll_command},
    Command{"rep.enroll_keys", Role::admin, rep_enroll_keys_command},
    Command{"rep.unenroll",  Role::admin,   rep_unenroll_command},
    Command{"rep.show",      Role::auditor, rep_show_command},
    Command{"rep.suspend",   Role::admin,   rep_suspend_command},
    Command{"rep.resume",    Role::admin,   rep_resume_command},
    Command{"target.add",    Role::admin,   target_add_command},
    Command{"target.list",   Role::auditor, target_list_command},
    Command{"target.scan",   Role::admin,   target_scan_command},
    Command{"target.pin",    Role::admin,   target_pin_command},
    Command{"target.pin_https", Role::admin, target_pin_https_command},
};
// clang-format on

CommandResult run(const Command& command, const CommandContext& context, Role role) {
  if (static_cast<int>(role) < static_cast<int>(command.least))
    return fail("you may read but not change: {} needs group {}", command.name, kAdminGroup);
  return command.run(context);
}

}  // namespace

Result<std::string> CommandContext::text(const char* key, std::size_t limit) const {
  const auto found = arguments.find(key);
  if (found == arguments.end() || !found->is_string()) return fail("'{}' is missing", key);
  auto value = found->get<std::string>();
  if (value.empty() || value.size() > limit)
    return fail("'{}' has {} bytes; expected 1 to {}", key, value.size(), limit);
  return value;
}

Result<std::string> CommandContext::sha256(const char* key) const {
  ASSIGN_OR_RETURN(auto value, text(key));
  if (value.size() != 64 || value.find_first_not_of("0123456789abcdef") != value.npos)
    return fail("'{}' is to be 64 hexadecimal digits", key);
  return value;
}

Result<std::string> CommandContext::text_or(const char* key, std::string otherwise, std::size_t limit) const {
  const auto found = arguments.find(key);
  if (found == arguments.end() || *found == "") return otherwise;
  return text(key, limit);
}

Result<std::vector<std::string>> CommandContext::texts(const char* key, std::size_t most,
                                                       std::size_t limit) const {
  std::vector<std::string> values;
  const auto found = arguments.find(key);
  if (found == arguments.end() || !found->is_array() || found->empty() || found->size() > most)
    return fail("'{}' is to be a list of 1 to {} texts", key, most);
  for (const auto& item : *found) {
    if (!item.is_string()) return fail("'{}' is to be a list of texts", key);
    values.push_back(item.get<std::string>());
    if (values.back().empty() || values.back().size() > limit)
      return fail("'{}' has a text of {} bytes; expected 1 to {}", key, values.back().size(), limit);
  }
  return values;
}

Result<std::optional<std::uint64_t>> CommandContext::number(const char* key) const {
  const auto found = arguments.find(key);
  if (found == arguments.end()) return std::optional<std::uint64_t>{};
  if (!found->is_number_unsigned()) return fail("'{}' is to be a whole number, not negative", key);
  return std::optional{found->get<std::uint64_t>()};
}

Result<bool> CommandContext::flag(const char* key) const {
  const auto found = arguments.find(key);
  if (found == arguments.end()) return false;
  if (!found->is_boolean()) return fail("'{}' is to be true or false", key);
  return found->get<bool>();
}

void run_command(Gate& gate, std::uint64_t connection, const nlohmann::json& request) {
  ControlConnection* console = gate.control->find(connection);
  const Visitor visitor = console->visitor();
  const CommandContext context{gate, connection, visitor.actor, visitor.reviews, request};
  const auto name = request["ask"].get<std::string>();
  const auto found = std::find_if(kCommands.begin(), kCommands.end(),
                                  [&](const Command& command) { return name == command.name; });
  if (found == kCommands.end())
    return console->refuse("this gate does not know '" + name.substr(0, 64) + "'");
  auto result = run(*found, context, visitor.role);
  console = gate.control->find(connection);  // the command may have outlived its console
  if (console == nullptr) return;
  if (!result)
    console->refuse(result.error().message());
  else if (*result)
    console->answer(**std::move(result));
}

}  // namespace sallyport
