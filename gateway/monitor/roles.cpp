// Runs in: sallyportd (privileged).
#include "gateway/monitor/roles.h"

#include <grp.h>
#include <pwd.h>
#include <sys/socket.h>

#include <algorithm>
#include <vector>

namespace sallyport {

namespace {

constexpr std::size_t kMostGroups = 65536;  // the kernel's NGROUPS_MAX

Result<std::vector<gid_t>> groups_of(int socket, gid_t primary) {
  std::vector<gid_t> groups(256);
  auto length = static_cast<socklen_t>(groups.size() * sizeof(gid_t));
  while (getsockopt(socket, SOL_SOCKET, SO_PEERGROUPS, groups.data(), &length) != 0) {
    if (errno != ERANGE || groups.size() >= kMostGroups) return fail_errno("asking for a visitor's groups");
    groups.resize(kMostGroups);
    length = static_cast<socklen_t>(groups.size() * sizeof(gid_t));
  }
  groups.resize(length / sizeof(gid_t));
  groups.push_back(primary);
  return groups;
}

std::string account_name(uid_t uid) {
  // One thread, and the name is only for the record: the number is what counts.
  const passwd* const account = getpwuid(uid);
  return account == nullptr ? fmt::format("uid {}", uid) : account->pw_name;
}

}  // namespace

std::optional<gid_t> group_id(const char* name) {
  const group* const found = getgrnam(name);
  if (found == nullptr) return std::nullopt;
  return found->gr_gid;
}

Result<Visitor> visitor_of(int socket) {
  ucred credentials{};
  socklen_t length = sizeof credentials;
  if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &length) != 0)
    return fail_errno("asking who a visitor is");
  Visitor visitor{{credentials.uid, account_name(credentials.uid)}, Role::nobody};
  ASSIGN_OR_RETURN(const auto groups, groups_of(socket, credentials.gid));
  const auto is_in = [&](const char* name) {
    const auto id = group_id(name);
    return id && std::find(groups.begin(), groups.end(), *id) != groups.end();
  };
  if (credentials.uid == 0 || is_in(kAdminGroup))
    visitor.role = Role::admin;
  else if (is_in(kAuditorGroup))
    visitor.role = Role::auditor;
  visitor.reviews = credentials.uid == 0 || is_in(kAuditorGroup);
  return visitor;
}

}  // namespace sallyport
