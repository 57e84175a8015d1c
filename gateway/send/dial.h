// Dial: a TCP connection to a destination, by name or address. Runs in: sallyport-send.
#pragma once

#include "base/unique_fd.h"
#include "gateway/send/waiter.h"
#include "policies/destination.h"

namespace sallyport {

// Each of its addresses is tried; the error is the last one's. The socket does not block.
Result<UniqueFd> dial(const Destination& destination, Waiter& waiter);

}  // namespace sallyport
