// The representative's known gates, shown and changed by hand. Runs in: sallyport-respond (as the
// representative).
#pragma once

#include "auth/respond/options.h"
#include "base/result.h"

namespace sallyport {

Done list_gates(const Options& options);
Done add_gate(const Options& options);
Done forget_gate(const Options& options);

}  // namespace sallyport
