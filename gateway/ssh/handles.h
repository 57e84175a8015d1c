// libssh's handles, owned from birth. Runs in: sallyport-ssh, sallyport.
#pragma once

#include <libssh/libssh.h>
#include <libssh/server.h>

#include <memory>

#include "base/handle.h"

namespace sallyport {

using SshSession = std::unique_ptr<ssh_session_struct, FreeWith<ssh_free>>;
using SshBind = std::unique_ptr<ssh_bind_struct, FreeWith<ssh_bind_free>>;
using SshKey = std::unique_ptr<ssh_key_struct, FreeWith<ssh_key_free>>;
using SshMessage = std::unique_ptr<ssh_message_struct, FreeWith<ssh_message_free>>;
using SshEvent = std::unique_ptr<ssh_event_struct, FreeWith<ssh_event_free>>;
using SshString = std::unique_ptr<ssh_string_struct, FreeWith<ssh_string_free>>;
using SshText = std::unique_ptr<char, FreeWith<ssh_string_free_char>>;

}  // namespace sallyport
