// Runs in: sallyport.
#include "gateway/review/tar.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <numeric>
#include <utility>

#include "base/check.h"
#include "base/escape.h"
#include "base/file.h"

namespace sallyport {

namespace {

constexpr std::size_t kBlock = 512, kNameSize = 100, kSizeAt = 124, kSizeDigits = 11, kSumAt = 148;
constexpr std::uint64_t kLargest = std::uint64_t{8} << 30;  // what 11 octal digits can say
constexpr std::size_t kPiece = 128 * kBlock;

std::uint64_t padding_of(std::uint64_t size) { return (kBlock - size % kBlock) % kBlock; }

bool is_zero(std::string_view bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](char c) { return c == '\0'; });
}

// POSIX.1-2017, pax, "ustar Interchange Format". No owner, no time: they are not what is handed on.
std::string header_of(std::string_view name, std::uint64_t size) {
  std::string header(kBlock, '\0');
  const auto put = [&](std::size_t at, std::string_view text) { header.replace(at, text.size(), text); };
  put(0, name);
  put(100, "0000644");
  put(108, "0000000");
  put(116, "0000000");
  put(kSizeAt, fmt::format("{:011o}", size));
  put(136, "00000000000");
  put(kSumAt, "        ");
  put(156, "0");
  put(257, std::string_view{"ustar\0"
                            "00",
                            8});
  const auto sum = std::accumulate(header.begin(), header.end(), 0U, [](unsigned total, char c) {
    return total + static_cast<unsigned char>(c);
  });
  put(kSumAt, fmt::format("{:06o}", sum));
  header[kSumAt + 6] = '\0';
  return header;
}

}  // namespace

Done check_tar_name(std::string_view name) {
  const auto refused = [&](const char* why) {
    return fail("a file is named '{}': {}", escape_terminal(name), why);
  };
  if (name.empty() || name.size() > kNameSize) return refused("a name has 1 to 100 bytes");
  constexpr std::string_view kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/";
  if (name.find_first_not_of(kPlain) != name.npos) return refused("that is not one of a bundle's");
  for (auto rest = name;;) {
    const auto part = rest.substr(0, rest.find('/'));
    if (part.empty() || part == "." || part == "..") return refused("that would lead out of the bundle");
    if (part.size() == rest.size()) return {};
    rest.remove_prefix(part.size() + 1);
  }
}

Done TarWriter::begin(const std::string& name, std::uint64_t size) {
  our_bug(left_ != 0, "a file of an archive is not whole");
  RETURN_IF_ERROR(check_tar_name(name));
  if (size >= kLargest) return fail("{} holds {} bytes: too many for a bundle", name, size);
  left_ = size;
  padding_ = padding_of(size);
  return write_all(fd_, header_of(name, size));
}

Done TarWriter::piece(std::string_view bytes) {
  our_bug(bytes.size() > left_, "a file of an archive is larger than it was said to be");
  left_ -= bytes.size();
  return write_all(fd_, bytes);
}

Done TarWriter::end() {
  our_bug(left_ != 0, "a file of an archive is smaller than it was said to be");
  return write_all(fd_, std::string(std::exchange(padding_, 0), '\0'));
}

Done TarWriter::add(const std::string& name, std::string_view bytes) {
  RETURN_IF_ERROR(begin(name, bytes.size()));
  RETURN_IF_ERROR(piece(bytes));
  return end();
}

Done TarWriter::finish() { return write_all(fd_, std::string(2 * kBlock, '\0')); }

Result<std::string_view> TarReader::read(std::size_t most) {
  buffer_.resize(most);
  std::size_t had = 0;
  while (had < most) {
    const auto got = ::read(fd_, buffer_.data() + had, most - had);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_errno("reading the bundle");
    if (got == 0) break;
    had += static_cast<std::size_t>(got);
  }
  return std::string_view{buffer_}.substr(0, had);
}

Result<std::string_view> TarReader::exactly(std::size_t size, std::string_view what) {
  ASSIGN_OR_RETURN(const auto bytes, read(size));
  if (bytes.size() != size) return fail("it is cut short, in {}", what);
  return bytes;
}

Result<std::optional<TarFile>> TarReader::next() {
  our_bug(left_ != 0 || padding_ != 0, "a file of an archive was not read to its end");
  ASSIGN_OR_RETURN(const auto header, exactly(kBlock, "the header of a file"));
  if (is_zero(header)) {
    RETURN_IF_ERROR(nothing_more());
    return std::nullopt;
  }
  TarFile file{std::string{header.substr(0, std::min(header.find('\0'), kNameSize))}, 0};
  const auto digits = header.substr(kSizeAt, kSizeDigits);
  const auto [end, code] = std::from_chars(digits.data(), digits.data() + digits.size(), file.size, 8);
  RETURN_IF_ERROR(check_tar_name(file.name));
  if (code != std::errc{} || end != digits.data() + digits.size() ||
      header_of(file.name, file.size) != header)
    return fail("the header of {} is not as a bundle has it", file.name);
  left_ = file.size;
  padding_ = padding_of(file.size);
  return file;
}

Done TarReader::nothing_more() {
  ASSIGN_OR_RETURN(const auto second, exactly(kBlock, "its end"));
  if (!is_zero(second)) return fail("its end is not as a bundle has it");
  ASSIGN_OR_RETURN(const auto more, read(1));
  if (!more.empty()) return fail("something stands behind its end");
  return {};
}

Result<std::string_view> TarReader::piece() {
  if (left_ == 0) {
    ASSIGN_OR_RETURN(const auto padding, exactly(std::exchange(padding_, 0), "a file"));
    if (!is_zero(padding)) return fail("something stands between two files");
    return std::string_view{};
  }
  const auto size = std::min<std::uint64_t>(left_, kPiece);
  ASSIGN_OR_RETURN(const auto bytes, exactly(size, "a file"));
  left_ -= size;
  return bytes;
}

}  // namespace sallyport
