// Runs in: sallyportd (privileged).
#include "gateway/monitor/stored_secret.h"

#include <sys/stat.h>

#include "base/file.h"

namespace sallyport {

namespace {

Done make_private_folder(const std::filesystem::path& folder) {
  if (mkdir(folder.c_str(), 0700) == 0 || errno == EEXIST) return {};
  return fail_errno("making {}", folder.string());
}

}  // namespace

Done store_secret(const std::filesystem::path& path, const Secret& secret) {
  RETURN_IF_ERROR(make_private_folder(path.parent_path().parent_path()));
  RETURN_IF_ERROR(make_private_folder(path.parent_path()));
  return replace_file(path, secret.reveal(), 0600);
}

}  // namespace sallyport
