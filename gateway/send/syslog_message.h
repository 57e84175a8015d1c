// A report as a syslog message (RFC 5424), and its frame on a stream. Pure. Runs in: sallyport-send.
#pragma once

#include "gateway/send/report.h"

namespace sallyport {

// The SD-ID of our structured data. 32473 is the private enterprise number that RFC 5612 sets aside for
// whoever has none.
inline constexpr std::string_view kStructuredDataId = "sallyport@32473";

// MSG is the report's text, UTF-8 without a byte order mark: RFC 5424 calls that MSG-ANY, and readers of JSON
// stumble over the mark.
std::string syslog_message(const Report& report, std::string_view host, std::uint8_t facility);
// What goes in its place where the socket takes no message of its size: who asks finds the record by seq.
std::string syslog_message_without_text(const Report& report, std::string_view host, std::uint8_t facility);

// Octet counting: RFC 5425, section 4.3; RFC 6587, section 3.4.1.
std::string octet_counted(std::string_view message);

}  // namespace sallyport
