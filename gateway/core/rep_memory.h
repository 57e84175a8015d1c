// RepMemory: what the journal remembers of reps beside their grants: who is suspended, when each was
// enrolled, and how far each security key has counted. A fold over the records. Pure. Runs in: sallyportd
// (privileged).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "base/clock.h"
#include "gateway/audit/record.h"

namespace sallyport {

class RepMemory {
 public:
  void fold(const Record& record);

  // From `rep.suspended` until `rep.resumed` or `rep.removed`.
  bool is_suspended(const std::string& rep) const { return suspended_.contains(rep); }
  // The last time; nothing since `rep.removed`, and for a rep who was enrolled in no record.
  std::optional<WallTime> enrolled_at(const std::string& rep) const;
  // The same of one key or authority, by its fingerprint.
  std::optional<WallTime> key_enrolled_at(const std::string& rep, const std::string& fingerprint) const;

  // Whether a login by this security key may count: its counter must be higher than at any login before,
  // because one that is not comes from a copy of the key (WebAuthn section 6.1.1). A key that always says 0
  // does not count. Nothing makes it forget: a key that was removed and enrolled again goes on where it was.
  bool counter_has_risen(const std::string& rep, const std::string& fingerprint, std::uint32_t counter) const;

 private:
  using Key = std::pair<std::string, std::string>;  // rep, fingerprint
  std::set<std::string> suspended_;
  std::map<std::string, WallTime> enrolled_;
  std::map<Key, WallTime> keys_;
  std::map<Key, std::uint64_t> counters_;
};

}  // namespace sallyport
