// How a command that reads the records itself says that it cannot, or not all of them. Runs in: sallyport.
#pragma once

#include "base/result.h"
#include "gateway/console/context.h"

namespace sallyport {

// report(), and for a file that may not be read, what to do about it.
void refuse(ConsoleContext& context, const Error& error);
// After the good part was shown: one line on standard error, which leaves the JSON document whole, and exit
// code 1.
void refuse_the_rest(ConsoleContext& context, const Error& error);

}  // namespace sallyport
