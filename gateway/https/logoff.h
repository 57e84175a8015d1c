// Logoff: what a worker does that serves no rep: it ends the sessions of the target's REST API that a rep has
// left behind, over the one connection that it was given. Runs in: sallyport-https.
#pragma once

#include "gateway/https/stream.h"
#include "gateway/worker/monitor_client.h"

namespace sallyport {

// Takes two seconds at most, whatever the target does.
TellLoggedOff log_off(asio::io_context& io, LogoffBeginning beginning);

}  // namespace sallyport
