// A record of the journal as an event of the Open Cybersecurity Schema Framework, for SIEMs (docs/OCSF.md).
// Pure; runs in: sallyport, sallyport-send.
#pragma once

#include <string>

#include "gateway/audit/json.h"

namespace sallyport {

inline constexpr const char* kOcsfVersion = "1.3.0";

// What a record does not say: which gate wrote it, and the version of the program that translates.
struct OcsfSource {
  std::string gate;
  std::string version;
};

// `record` is a line of the journal, as JSON. Never fails: a record of an event that this version does not
// know becomes a base event. Nothing of the record is lost: what has no place of its own is in `unmapped`.
nlohmann::json to_ocsf(const nlohmann::json& record, const OcsfSource& source);

}  // namespace sallyport
