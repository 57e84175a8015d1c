// Baseline: table inet sallyport_base, which only ever refuses. It stays when the daemon stops.
// Runs in: sallyportd (privileged).
#pragma once

#include <cstdint>

#include "base/result.h"
#include "firewall/firewall.h"
#include "firewall/table.h"

namespace sallyport {

constexpr const char* kBaseTable = "sallyport_base";

// What the table has to be.
Table base_table(const Guarded& guarded, std::uint32_t mark_bit);
// Makes the kernel's table so, in one batch, and reads it back. If an earlier table (another target list, an
// earlier daemon) has the same rules, only the elements that differ are touched, so that what stays guarded
// is guarded at every moment.
Done enforce_baseline(const Guarded& guarded, std::uint32_t mark_bit);
// Is the kernel's table so?
Done check_baseline(const Guarded& guarded, std::uint32_t mark_bit);

}  // namespace sallyport
