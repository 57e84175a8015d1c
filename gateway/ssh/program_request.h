// What a rep asks for before its program runs: terminal, environment, the program itself. Pure but for
// reading libssh's messages. Runs in: sallyport-ssh.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gateway/ssh/handles.h"
#include "gateway/wire/message.h"

namespace sallyport {

struct Terminal {
  std::string term;
  std::uint32_t columns = 0, rows = 0;
};

struct ProgramRequest {
  ChannelKind kind = ChannelKind::shell;
  std::string command;  // of exec; the name of a subsystem
};

// LANG and LC_*, as OpenSSH's own default has it; TERM travels with the terminal.
bool may_set(std::string_view variable);
// The one subsystem that is carried.
bool is_known_subsystem(std::string_view name);
// RFC 4254 section 6.10.
bool is_signal_name(std::string_view name);

Terminal read_terminal(ssh_message message);
std::pair<std::string, std::string> read_variable(ssh_message message);
// Nothing when the message does not start a program.
std::optional<ProgramRequest> read_program(ssh_message message);

}  // namespace sallyport
