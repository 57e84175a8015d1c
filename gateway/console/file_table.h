// A session's files, from the journal's records of them. Runs in: sallyport.
#pragma once

#include <filesystem>
#include <string>

#include "base/result.h"
#include "gateway/audit/json.h"

namespace sallyport {

// The records session.file of `session`, oldest first, as the journal in `state` has them.
Result<nlohmann::json> files_of(const std::filesystem::path& state, const std::string& session);
// "Files:" with a table of them. Pure.
std::string files_text(const nlohmann::json& files, bool color);
// "2 to the target, 97.7 KiB; 1 from the target, 12 B", of the totals in a grant or in session.ended. Pure.
std::string file_totals_text(const nlohmann::json& totals);

}  // namespace sallyport
