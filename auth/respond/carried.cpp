// Runs in: sallyport-respond (as the representative).
#include "auth/respond/carried.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>

#include "auth/respond/home.h"
#include "auth/respond/private_file.h"
#include "base/file.h"

namespace sallyport {

namespace {

constexpr std::string_view kPrefix = "respond-";

template <class Number>
std::optional<Number> read_number(std::string_view text) {
  Number number{};
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || fault != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// When a process began, in the kernel's ticks: field 22 of /proc/PID/stat, the 20th after the name, which may
// itself hold spaces and brackets.
Result<std::string> beginning_of(pid_t process) {
  std::ifstream file{fmt::format("/proc/{}/stat", process)};
  const std::string text{std::istreambuf_iterator<char>{file}, {}};
  auto rest = std::string_view{text}.substr(std::min(text.rfind(')') + 1, text.size()));
  for (int field = 0; field < 20; ++field) rest.remove_prefix(std::min(rest.find(' ') + 1, rest.size()));
  const auto ticks = rest.substr(0, rest.find(' '));
  if (!read_number<std::uint64_t>(ticks)) return fail("what started this program cannot be told");
  return std::string{ticks};
}

std::string to_text(const Carried& carried) {
  return fmt::format("{}\n{}\n{}\n{}\n", carried.expires.time_since_epoch().count(), carried.nonce,
                     carried.next_part, carried.rest);
}

std::optional<Carried> read_carried(std::string_view text) {
  Carried carried;
  const auto expires = read_number<std::int64_t>(take_line(text));
  carried.nonce = take_line(text);
  const auto part = read_number<std::uint32_t>(take_line(text));
  carried.rest = take_line(text);
  if (!expires || !part || !text.empty()) return std::nullopt;
  carried.expires = std::chrono::sys_seconds{std::chrono::seconds{*expires}};
  carried.next_part = *part;
  return carried;
}

Result<std::optional<Carried>> read_file(const std::filesystem::path& path) {
  const auto text = read_private_file(path);
  if (!text && text.error().code() == ENOENT) return std::optional<Carried>{};
  if (!text) return tl::unexpected{text.error()};
  return read_carried(text->reveal());
}

// Only files of our own naming.
void sweep(const std::filesystem::path& folder, std::chrono::sys_seconds now) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator{folder, error}) {
    if (!entry.path().filename().string().starts_with(kPrefix)) continue;
    const auto carried = read_file(entry.path());
    if (carried && (!*carried || (*carried)->expires <= now)) ::unlink(entry.path().c_str());
  }
}

}  // namespace

Result<CarriedFile> CarriedFile::of_this_connection(CarriedKind kind) {
  ASSIGN_OR_RETURN(auto folder, runtime_folder());
  ASSIGN_OR_RETURN(const auto beginning, beginning_of(getppid()));
  return CarriedFile{std::move(folder), fmt::format("{}{}-{}-{}", kPrefix,
                                                    kind == CarriedKind::signature ? "signature" : "question",
                                                    getppid(), beginning)};
}

Done CarriedFile::put(const Carried& carried, std::chrono::sys_seconds now) const {
  RETURN_IF_ERROR(make_private_folder(folder_));
  sweep(folder_, now);
  return replace_file(path(), to_text(carried), 0600);
}

Result<std::optional<Carried>> CarriedFile::take(std::chrono::sys_seconds now) const {
  ASSIGN_OR_RETURN(auto carried, read_file(path()));
  forget();
  if (carried && carried->expires <= now) carried.reset();
  return carried;
}

void CarriedFile::forget() const { ::unlink(path().c_str()); }

}  // namespace sallyport
