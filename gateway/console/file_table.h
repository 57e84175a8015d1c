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

}  // namespace sallyport
