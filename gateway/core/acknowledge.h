// An admin's word that damage to the journal is known, so that the gate arms again: itself a record.
// Runs in: sallyport (as root, while the gate does not run).
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"

namespace sallyport {

struct Acknowledgement {
  std::string by, reason;      // who, and what for
  std::optional<gid_t> group;  // who may read a new segment: the auditors
};

// What was acknowledged, in a sentence. An error when there is nothing, or the gate runs. Where records may
// be lost that used a grant up, no grant survives (I2).
Result<std::string> acknowledge_damage(const std::filesystem::path& state, const Acknowledgement& word,
                                       const Clock& clock, Random& random);

}  // namespace sallyport
