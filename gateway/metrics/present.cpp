// Runs in: sallyport-metrics.
#include "gateway/metrics/present.h"

#include <sys/stat.h>
#include <sys/statvfs.h>

#include <fstream>

#include "gateway/audit/head_keeper.h"
#include "gateway/audit/heads.h"

namespace sallyport {

namespace {

std::optional<WallTime> time_of(const std::filesystem::path& file) {
  struct stat status {};
  if (stat(file.c_str(), &status) != 0) return std::nullopt;
  const auto since_1970 =
      std::chrono::seconds{status.st_mtim.tv_sec} + std::chrono::nanoseconds{status.st_mtim.tv_nsec};
  return WallTime{std::chrono::floor<std::chrono::microseconds>(since_1970)};
}

}  // namespace

std::optional<LastHead> last_head(const std::filesystem::path& state) {
  std::ifstream key{head_verifier_file(state)};
  std::string text;
  std::getline(key, text);
  const auto verifier = HeadVerifier::from_text(text);
  const auto time = time_of(heads_file(state));
  const auto kept = read_last_heads(heads_file(state));
  if (!verifier || !time || !kept || kept->notes.empty()) return std::nullopt;
  const auto head = verifier->open(kept->notes.back());
  if (!head) return std::nullopt;
  return LastHead{head->size, *time};
}

std::optional<DiskRoom> disk_room(const std::filesystem::path& folder) {
  struct statvfs room {};
  if (statvfs(folder.c_str(), &room) != 0) return std::nullopt;
  return DiskRoom{room.f_blocks * room.f_frsize, room.f_bfree * room.f_frsize};
}

}  // namespace sallyport
