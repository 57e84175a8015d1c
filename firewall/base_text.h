// The base table as a file for `nft -f`: for early boot, before any daemon runs, and for people to read.
// Pure. Runs in: sallyportd (privileged).
#pragma once

#include <cstdint>
#include <string>

#include "firewall/firewall.h"
#include "firewall/table.h"

namespace sallyport {

// Loading it is one transaction, and loading it again changes nothing: what was there is replaced by the
// same. nft makes of it exactly what enforce_baseline() asks the kernel for, so that a daemon that starts
// later finds its own table and only changes elements.
std::string base_table_text(const Guarded& guarded, std::uint32_t mark_bit);

// The same of any table made with RuleBuilder. Written from the table itself, rule by rule, so that there is
// no second description of it that could fall behind.
std::string nft_text(const Table& table);

}  // namespace sallyport
