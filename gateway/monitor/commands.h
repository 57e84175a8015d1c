// The console's questions and the verbs that answer them: a table of names, roles and functions
// (docs/WIRE.md, section 3). Runs in: sallyportd (privileged).
#pragma once

#include "gateway/audit/json.h"
#include "gateway/monitor/gate.h"

namespace sallyport {

// One request of one console. `arguments` reads members with limits; every one is checked again here,
// whatever the console checked.
struct CommandContext {
  Gate& gate;
  std::uint64_t connection;
  const Actor& actor;
  bool reviews;  // root or an auditor
  const nlohmann::json& arguments;

  Result<std::string> text(const char* key, std::size_t limit = 256) const;  // required
  // `otherwise` when it is absent; an error when it is there and unusable, so that nothing is dropped
  // silently.
  Result<std::string> text_or(const char* key, std::string otherwise = {}, std::size_t limit = 256) const;
  Result<std::vector<std::string>> texts(const char* key, std::size_t most = 64,
                                         std::size_t limit = 1024) const;
  Result<std::optional<std::uint64_t>> number(const char* key) const;  // nothing when it is absent
  Result<std::string> sha256(const char* key) const;                   // 64 hexadecimal digits; required
  Result<bool> flag(const char* key) const;                            // false when it is absent
};

// The result to send, an Error to refuse with, or nothing now because the answer comes later.
using CommandResult = Result<std::optional<nlohmann::json>>;

struct Command {
  const char* name;
  Role least;
  CommandResult (*run)(const CommandContext&);
};

// Finds, checks the role, runs, answers.
void run_command(Gate& gate, std::uint64_t connection, const nlohmann::json& request);

// grant_commands.cpp
CommandResult enable_command(const CommandContext& context);
CommandResult list_command(const CommandContext& context);
CommandResult show_command(const CommandContext& context);
CommandResult revoke_command(const CommandContext& context);
CommandResult unlock_command(const CommandContext& context);
CommandResult pause_command(const CommandContext& context);
CommandResult resume_command(const CommandContext& context);
CommandResult end_command(const CommandContext& context);
// status_commands.cpp
CommandResult status_command(const CommandContext& context);
CommandResult watch_command(const CommandContext& context);
CommandResult session_watch_command(const CommandContext& context);
CommandResult firewall_show_command(const CommandContext& context);
CommandResult reload_command(const CommandContext& context);
// recording_commands.cpp
CommandResult recording_read_command(const CommandContext& context);
CommandResult recording_rule_command(const CommandContext& context);
CommandResult recording_delete_command(const CommandContext& context);
// journal_commands.cpp
CommandResult journal_rule_command(const CommandContext& context);
CommandResult journal_delete_command(const CommandContext& context);
// rep_commands.cpp
CommandResult rep_add_command(const CommandContext& context);
CommandResult rep_list_command(const CommandContext& context);
CommandResult rep_remove_command(const CommandContext& context);
CommandResult rep_enroll_command(const CommandContext& context);
// rep_key_commands.cpp
CommandResult rep_enroll_keys_command(const CommandContext& context);
CommandResult rep_unenroll_command(const CommandContext& context);
CommandResult rep_show_command(const CommandContext& context);
CommandResult rep_suspend_command(const CommandContext& context);
CommandResult rep_resume_command(const CommandContext& context);
// target_commands.cpp
CommandResult target_add_command(const CommandContext& context);
CommandResult target_list_command(const CommandContext& context);
CommandResult target_scan_command(const CommandContext& context);
CommandResult target_pin_command(const CommandContext& context);
CommandResult target_pin_https_command(const CommandContext& context);

}  // namespace sallyport
