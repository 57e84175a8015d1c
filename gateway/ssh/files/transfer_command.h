// TransferCommand: whether a program that the rep starts moves files, and in which language. Pure. Runs in:
// sallyport-ssh.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "gateway/wire/message.h"

namespace sallyport {

enum class Carrier : std::uint8_t {
  opaque,      // no language that we follow: bytes and a hash each way
  sftp,        // the subsystem, or an sftp-server that is started by its name
  scp_sink,    // scp -t: files go to the target
  scp_source,  // scp -f: files come from the target
  rsync,       // a language of its own: opaque too, but known to move files
};

struct TransferCommand {
  Carrier carrier = Carrier::opaque;
  std::vector<std::string> paths;  // scp's, as a shell would unquote them
  bool into_folder = false;        // scp -d or -r: the path is, or becomes, a folder
};

// `command` is exec's command line, or the subsystem's name. Whoever hides the program (sh -c, a copy of
// another name) gets an opaque channel.
TransferCommand transfer_command(ChannelKind kind, std::string_view command);

}  // namespace sallyport
