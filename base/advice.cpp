// Runs in: every program.
#include "base/advice.h"

namespace sallyport {

namespace {

constexpr std::string_view kBegin = " (fix: ";

const char* fix_of(int code) {
  switch (code) {
    case ENOSPC:
    case EDQUOT:
      return "make room there; df -h and df -i tell how much there is";
    case EROFS:
      return "mount -o remount,rw; journalctl -k tells why it is read-only";
    case EIO:
      return "the disk does not work; journalctl -k tells more";
    default:
      return nullptr;
  }
}

}  // namespace

std::string with_advice(const Error& error) {
  auto line = error.message();
  const char* const fix = fix_of(error.code());
  if (fix != nullptr && line.find(kBegin) == line.npos) line += fmt::format("{}{})", kBegin, fix);
  return line;
}

Advised split_advice(const std::string& line) {
  const auto begin = line.rfind(kBegin);
  if (begin == line.npos) return {line, {}};
  const auto end = line.find(')', begin);
  if (end == line.npos) return {line, {}};
  const auto from = begin + kBegin.size();
  return {line.substr(0, begin) + line.substr(end + 1), line.substr(from, end - from)};
}

}  // namespace sallyport
