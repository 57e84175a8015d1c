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
#include "gateway/worker/recorder.h"

namespace sallyport {

struct Terminal {
  std::string term;
  std::uint32_t columns = 0, rows = 0;
};

// A shell without a terminal is recorded as if it had the usual one.
RecordedTerminal recorded_terminal(const std::optional<Terminal>& terminal);

struct ProgramRequest {
  ChannelKind kind = ChannelKind::shell;
  std::string command;  // of exec; the name of a subsystem
};

// LANG and LC_*, as OpenSSH's own default has it; TERM travels with the terminal.
bool may_set(std::string_view variable);
// The one subsystem that is carried.
bool is_known_subsystem(std::string_view name);
// eow@openssh.com (OpenSSH's PROTOCOL, section 2.1): nobody reads the program's output any more. libssh tells
// only that the request is unknown to it; of what OpenSSH's client sends while a program runs that is this
// one or, with a terminal alone, a break.
bool is_end_of_write(ssh_session rep, ssh_message message, bool has_terminal);
// RFC 4254 section 6.10.
bool is_signal_name(std::string_view name);

Terminal read_terminal(ssh_message message);
std::pair<std::string, std::string> read_variable(ssh_message message);
// Nothing when the message does not start a program.
std::optional<ProgramRequest> read_program(ssh_message message);

}  // namespace sallyport
