// Runs in: sallyport-send.
#include "gateway/send/link.h"

#include "gateway/send/datagram_link.h"
#include "gateway/send/journald_message.h"
#include "gateway/send/stream_link.h"
#include "gateway/send/syslog_message.h"

namespace sallyport {

Result<std::unique_ptr<Link>> open_link(const Destination& destination, const std::string& host,
                                        Waiter& waiter) {
  const auto facility = destination.facility;
  switch (destination.by) {
    case SendBy::tcp:
    case SendBy::tls:
      return StreamLink::open(destination, host, waiter);
    case SendBy::unix_socket:
      return DatagramLink::open(
          destination,
          {[=](const Report& report) { return syslog_message(report, host, facility); },
           [=](const Report& report) { return syslog_message_without_text(report, host, facility); }},
          waiter);
    case SendBy::journald:
      return DatagramLink::open(
          destination,
          {[=](const Report& report) { return journald_message(report, facility); },
           [=](const Report& report) { return journald_message_without_text(report, facility); }},
          waiter);
  }
  return fail("no such way");
}

}  // namespace sallyport
