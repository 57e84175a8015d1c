// Runs in: sallyport.
#include "gateway/console/cast_follower.h"

namespace sallyport {

namespace {

constexpr std::size_t kPiece = 256 * 1024;
// The gate writes no line this long; the worker that writes it is not trusted with our memory.
constexpr std::size_t kLongestLine = 8 * 1024 * 1024;

}  // namespace

Done CastFollower::read_piece() {
  std::string piece(kPiece, '\0');
  ssize_t got = -1;
  do got = ::pread(recording_.get(), piece.data(), piece.size(), static_cast<off_t>(position_));
  while (got < 0 && errno == EINTR);
  if (got < 0) return fail_errno("reading the recording");
  behind_ = static_cast<std::size_t>(got) == piece.size();
  position_ += static_cast<std::uint64_t>(got);
  unread_.append(piece, 0, static_cast<std::size_t>(got));
  if (unread_.size() > kLongestLine) return fail("the recording holds a line without an end");
  return {};
}

Result<Cast> CastFollower::more() {
  RETURN_IF_ERROR(read_piece());
  const auto end = unread_.rfind('\n');
  if (end == unread_.npos) return Cast{};
  std::string lines = unread_.substr(0, end + 1);
  unread_.erase(0, end + 1);
  if (header_.empty()) {
    const auto first = lines.find('\n') + 1;
    header_ = lines.substr(0, first);
    lines.erase(0, first);
  }
  ASSIGN_OR_RETURN(auto cast, parse_cast(header_ + lines));
  if (cast.bad_line != 0) return fail("the recording holds a line that is no event; it is not shown further");
  return cast;
}

}  // namespace sallyport
