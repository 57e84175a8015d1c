// The deny side as a file for the next boot, when nft loads it before this program runs
// (packaging/nftables/sallyport-closed.nft). Runs in: sallyportd (privileged).
#pragma once

#include <filesystem>

#include "policies/catalogue.h"

namespace sallyport {

// Writes `state`/firewall/closed.nft, whole or not at all. After each guard() that succeeded: the file must
// not ask for less, or for other addresses, than what is in force.
Done store_closed_table(const std::filesystem::path& state, const Catalogue& catalogue);

}  // namespace sallyport
