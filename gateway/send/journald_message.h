// A report as a datagram of the service manager's journal (systemd.io, "Native Journal Protocol"). Pure.
// Spoken here and not by libsystemd, whose call waits without end while journald is stopped.
// Runs in: sallyport-send.
#pragma once

#include "gateway/send/report.h"

namespace sallyport {

// The MESSAGE_ID of all of ours; SALLYPORT_EVENT tells one from another.
inline constexpr const char* kMessageId = "5a1e8d0c6f2b4b0f9a7d3c41e8b96f25";

std::string journald_message(const Report& report, std::uint8_t facility);
std::string journald_message_without_text(const Report& report, std::uint8_t facility);

}  // namespace sallyport
