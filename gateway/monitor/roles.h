// Who may do what at the control socket: peer credentials from the kernel, two groups, and root.
// Runs in: sallyportd (privileged).
#pragma once

#include <sys/types.h>

#include "base/result.h"
#include "gateway/core/ledger.h"

namespace sallyport {

enum class Role : std::uint8_t { nobody, auditor, admin };

struct Visitor {
  Actor actor;
  Role role = Role::nobody;
  bool reviews = false;  // root or an auditor: reads recordings, whatever else
};

// Asks the kernel who connected `socket`: uid and groups as they were at connect(2).
Result<Visitor> visitor_of(int socket);
// A group's id, or nullopt when there is no such group.
std::optional<gid_t> group_id(const char* name);

inline constexpr const char* kAdminGroup = "sallyport-admin";
inline constexpr const char* kAuditorGroup = "sallyport-auditor";

}  // namespace sallyport
