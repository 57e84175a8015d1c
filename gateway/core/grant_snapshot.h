// A grant as journal.carried keeps it, when a new segment of the journal begins. Pure; runs in: sallyportd.
#pragma once

#include "gateway/core/grant_record.h"

namespace sallyport {

nlohmann::json grant_snapshot(const Grant& grant);
// Exactly the grant that grant_snapshot() was given.
Result<Grant> grant_from_snapshot(const nlohmann::json& snapshot);

}  // namespace sallyport
