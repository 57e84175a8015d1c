// One journal record as one line for people. Pure; runs in: sallyport.
#pragma once

#include <string>

#include "gateway/audit/json.h"

namespace sallyport {

// "17:30:14  g-7k3m9q2x  kim connected from …"; events without a sentence of their own show their fields.
std::string record_text(const nlohmann::json& record, bool color);

}  // namespace sallyport
