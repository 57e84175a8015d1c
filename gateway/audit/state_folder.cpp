// Runs in: sallyportd (privileged), sallyport.
#include "gateway/audit/state_folder.h"

#include <sys/statvfs.h>

#include "base/file.h"
#include "gateway/audit/head_keeper.h"
#include "gateway/audit/segment.h"

namespace sallyport {

namespace {

namespace fs = std::filesystem;

// What a start writes, with room to spare: the closed table, a head, a few records.
constexpr std::uint64_t kRoomToStart = 64 * 1024;

bool is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(fs::symlink_status(path, ignored));
}

Done check_if_there(const fs::path& path, Trust trust = Trust::owned_by_root) {
  return is_there(path) ? check_rooted(path, trust) : Done{};
}

Done check_space(const fs::path& folder) {
  struct statvfs space {};
  if (::statvfs(folder.c_str(), &space) != 0) return fail_errno("asking for the room in {}", folder.string());
  if ((space.f_flag & ST_RDONLY) != 0) return tl::unexpected{Error{folder.string(), EROFS}};
  if (std::uint64_t{space.f_bavail} * space.f_frsize < kRoomToStart)
    return tl::unexpected{Error{folder.string(), ENOSPC}};
  return {};
}

Done check_journal(const fs::path& folder) {
  if (!is_there(folder)) return {};
  RETURN_IF_ERROR(check_rooted(folder));
  ASSIGN_OR_RETURN(const auto files, journal_files(folder));
  for (const auto& file : files) RETURN_IF_ERROR(check_rooted(file));
  return {};
}

}  // namespace

Done check_state_folder(const fs::path& state) {
  if (!is_there(state)) return {};
  RETURN_IF_ERROR(check_rooted(state));
  RETURN_IF_ERROR(check_journal(journal_folder(state)));
  RETURN_IF_ERROR(check_if_there(head_key_file(state), Trust::secret_of_root));
  RETURN_IF_ERROR(check_if_there(heads_file(state)));
  RETURN_IF_ERROR(check_if_there(state / "recordings"));
  return check_space(state);
}

}  // namespace sallyport
