// The journal's format has a number, so that an older gate does not misread what a newer one wrote. It grows when an
// event comes to mean something else, not when events or fields are added. Pure; runs in: sallyportd, sallyport.
#pragma once

#include "gateway/audit/record.h"

namespace sallyport {

// What this version writes, and the most it reads. Written as `format` where it is not 1.
inline constexpr std::uint64_t kJournalFormat = 1;

// Refuses a record that says that what follows is of a later format.
Done check_format(const Record& record);

}  // namespace sallyport
