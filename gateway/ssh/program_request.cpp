// Runs in: sallyport-ssh.
#include "gateway/ssh/program_request.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace sallyport {

namespace {

std::string text(const char* from_libssh) {
  return from_libssh == nullptr ? std::string{} : std::string{from_libssh};
}

}  // namespace

RecordedTerminal recorded_terminal(const std::optional<Terminal>& terminal) {
  if (!terminal) return {"dumb", 80, 24};
  return {terminal->term, terminal->columns, terminal->rows};
}

bool may_set(std::string_view variable) { return variable == "LANG" || variable.starts_with("LC_"); }

bool is_known_subsystem(std::string_view name) { return name == "sftp"; }

bool is_end_of_write(ssh_session rep, ssh_message message, bool has_terminal) {
  const char* const client = ssh_get_clientbanner(rep);
  return !has_terminal && ssh_message_subtype(message) == SSH_CHANNEL_REQUEST_UNKNOWN && client != nullptr &&
         std::string_view{client}.starts_with("SSH-2.0-OpenSSH_");
}

bool is_signal_name(std::string_view name) {
  constexpr std::array<std::string_view, 13> kNames{"ABRT", "ALRM", "FPE",  "HUP",  "ILL",  "INT", "KILL",
                                                    "PIPE", "QUIT", "SEGV", "TERM", "USR1", "USR2"};
  return std::ranges::find(kNames, name) != kNames.end();
}

// libssh 0.11 deprecates these in favour of callbacks, which exist only together with server callbacks, and
// those would take authentication away from the message loop.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
Terminal read_terminal(ssh_message message) {
  const auto size = [](int value) { return static_cast<std::uint32_t>(std::clamp(value, 0, 10000)); };
  return {text(ssh_message_channel_request_pty_term(message)),
          size(ssh_message_channel_request_pty_width(message)),
          size(ssh_message_channel_request_pty_height(message))};
}
#pragma GCC diagnostic pop

std::pair<std::string, std::string> read_variable(ssh_message message) {
  return {text(ssh_message_channel_request_env_name(message)),
          text(ssh_message_channel_request_env_value(message))};
}

std::optional<ProgramRequest> read_program(ssh_message message) {
  switch (ssh_message_subtype(message)) {
    case SSH_CHANNEL_REQUEST_SHELL:
      return ProgramRequest{ChannelKind::shell, {}};
    case SSH_CHANNEL_REQUEST_EXEC:
      return ProgramRequest{ChannelKind::exec, text(ssh_message_channel_request_command(message))};
    case SSH_CHANNEL_REQUEST_SUBSYSTEM:
      return ProgramRequest{ChannelKind::subsystem, text(ssh_message_channel_request_subsystem(message))};
    default:
      return std::nullopt;  // an int of libssh's, not an enum of ours
  }
}

}  // namespace sallyport
