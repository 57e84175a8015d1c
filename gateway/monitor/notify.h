// sd_notify(3)'s datagrams, so that systemd knows when the gate is ready, stopping and alive. Twenty lines of
// our own, because libsystemd would bring its whole link graph into the privileged process.
// Runs in: sallyportd (privileged).
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace sallyport {

// Sends e.g. "READY=1" to $NOTIFY_SOCKET; does nothing where there is none.
void notify_service_manager(std::string_view state);
// How often "WATCHDOG=1" is due: half of $WATCHDOG_USEC, if it is set for this process.
std::optional<std::chrono::milliseconds> watchdog_period();

}  // namespace sallyport
