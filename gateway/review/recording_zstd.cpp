// Runs in: sallyport, as root.
#include "gateway/review/recording_zstd.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include "base/file.h"
#include "gateway/review/recording_bytes.h"

namespace sallyport {

namespace {

constexpr int kLevel = 10;

using Compressor = std::unique_ptr<ZSTD_CCtx, FreeWith<ZSTD_freeCCtx>>;

Done put(ZSTD_CCtx* stream, std::string_view bytes, ZSTD_EndDirective end, int out) {
  std::string piece(ZSTD_CStreamOutSize(), '\0');
  ZSTD_inBuffer from{bytes.data(), bytes.size(), 0};
  for (std::size_t left = 1; left != 0 || from.pos < from.size;) {
    ZSTD_outBuffer to{piece.data(), piece.size(), 0};
    left = ZSTD_compressStream2(stream, &to, &from, end);
    if (ZSTD_isError(left) != 0) return fail("compressing: {}", ZSTD_getErrorName(left));
    RETURN_IF_ERROR(write_all(out, std::string_view{piece}.substr(0, to.pos)));
    if (end == ZSTD_e_continue && from.pos == from.size) return {};
  }
  return {};
}

Done compress(const std::filesystem::path& path, int out) {
  const Compressor stream{ZSTD_createCCtx()};
  if (!stream) return fail("there is no memory to compress {}", path.string());
  ZSTD_CCtx_setParameter(stream.get(), ZSTD_c_compressionLevel, kLevel);
  ZSTD_CCtx_setParameter(stream.get(), ZSTD_c_checksumFlag, 1);
  ASSIGN_OR_RETURN(auto file, open_recording(path.string()));
  RecordingBytes bytes{std::move(file)};
  std::string piece;
  for (bool more = true; more; piece.clear()) {
    ASSIGN_OR_RETURN(more, bytes.more(piece));
    RETURN_IF_ERROR(put(stream.get(), piece, more ? ZSTD_e_continue : ZSTD_e_end, out));
  }
  return {};
}

Done same_rights(const std::filesystem::path& path, int fd) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) return fail_errno("looking at {}", path.string());
  const timespec times[] = {status.st_atim, status.st_mtim};
  if (::fchown(fd, status.st_uid, status.st_gid) != 0 || ::fchmod(fd, status.st_mode & 0777) != 0 ||
      ::futimens(fd, times) != 0)
    return fail_errno("giving the compressed recording the rights of {}", path.string());
  return {};
}

bool is_same(const Result<RecordingSum>& found, const RecordingSum& sum) {
  return found && found->size == sum.size && found->sha256 == sum.sha256;
}

Done make_draft(const std::filesystem::path& path, const std::filesystem::path& draft,
                const RecordingSum& sum) {
  const UniqueFd out{::open(draft.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600)};
  if (!out) return fail_errno("creating {}", draft.string());
  RETURN_IF_ERROR(compress(path, out.get()));
  RETURN_IF_ERROR(same_rights(path, out.get()));
  if (::fsync(out.get()) != 0) return fail_errno("syncing {}", draft.string());
  ASSIGN_OR_RETURN(auto again, open_recording(draft.string()));
  if (!is_same(hash_contents(std::move(again), sum.size), sum))
    return fail("{} was not compressed well", path.string());
  return {};
}

}  // namespace

Done compress_recording(const std::filesystem::path& path, const RecordingSum& sum) {
  ASSIGN_OR_RETURN(auto file, open_recording(path.string()));
  if (!is_same(hash_contents(std::move(file), sum.size), sum))
    return fail("{} is not what the journal says; it stays as it is", path.string());
  const std::filesystem::path draft = path.string() + ".new", compressed = path.string() + kCompressedEnding;
  ::unlink(draft.c_str());  // what a crash may have left
  if (auto made = make_draft(path, draft, sum); !made) {
    ::unlink(draft.c_str());
    return made;
  }
  if (::rename(draft.c_str(), compressed.c_str()) != 0)
    return fail_errno("renaming to {}", compressed.string());
  RETURN_IF_ERROR(sync_folder(path.parent_path()));
  if (::unlink(path.c_str()) != 0) return fail_errno("removing {}", path.string());
  return sync_folder(path.parent_path());
}

}  // namespace sallyport
