// The answer to firewall.show, as people read it. Pure; runs in: sallyport.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "base/clock.h"

namespace sallyport {

// A table: what may pass, for which grant, until when, how much did.
std::string firewall_text(const nlohmann::json& shown, bool color, WallTime now);
// nft's own words: the base table whole, then each live element.
std::string firewall_nft_text(const nlohmann::json& shown);

}  // namespace sallyport
