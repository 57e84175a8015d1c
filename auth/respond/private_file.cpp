// Runs in: sallyport-respond (as the representative).
#include "auth/respond/private_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <charconv>

#include "auth/ocra_suite.h"
#include "auth/respond/home.h"
#include "base/encoding.h"
#include "base/file.h"

namespace sallyport {

namespace {

constexpr std::size_t kFileLimit = 1 << 20;  // ssh's known_hosts can be long
constexpr std::string_view kMutual = "mutual";
constexpr std::size_t kShortestKey = 16;  // bytes; RFC 4226 R6

Done check_owner(int fd, const std::filesystem::path& path, Readers readers) {
  struct stat status {};
  if (fstat(fd, &status) != 0) return fail_errno("looking at {}", path.string());
  if (!S_ISREG(status.st_mode)) return fail("{} is not a regular file", path.string());
  const bool trusted = status.st_uid == geteuid() || (readers == Readers::anyone && status.st_uid == 0);
  if (!trusted) return fail("{} belongs to somebody else", path.string());
  if (readers == Readers::owner && (status.st_mode & (S_IRWXG | S_IRWXO)) != 0)
    return fail("{} holds a secret and others can read it (fix: chmod 600 {})", path.string(), path.string());
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0)
    return fail("{} can be written by others (fix: chmod go-w {})", path.string(), path.string());
  return {};
}

Result<std::uint64_t> parse_counter(std::string_view text) {
  std::uint64_t value = 0;
  const auto line = take_line(text);
  const auto [end, fault] = std::from_chars(line.data(), line.data() + line.size(), value);
  if (line.empty() || fault != std::errc{} || end != line.data() + line.size())
    return fail("expected a number");
  return value;
}

std::filesystem::path counter_file(const std::filesystem::path& secret_file) {
  return secret_file.string() + ".counter";
}

}  // namespace

std::string_view take_line(std::string_view& rest) {
  const auto end = rest.find('\n');
  auto line = rest.substr(0, end);
  rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

Result<Secret> read_private_file(const std::filesystem::path& path) {
  return read_own_file(path, Readers::owner);
}

Result<Secret> read_own_file(const std::filesystem::path& path, Readers readers) {
  const UniqueFd fd{::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC)};
  if (!fd) return fail_errno("opening {}", path.string());
  RETURN_IF_ERROR(check_owner(fd.get(), path, readers));
  std::string text(kFileLimit + 1, '\0');
  const auto got = ::read(fd.get(), text.data(), text.size());
  if (got < 0) return fail_errno("reading {}", path.string());
  if (static_cast<std::size_t>(got) > kFileLimit)
    return fail("{} is larger than {} bytes", path.string(), kFileLimit);
  text.resize(static_cast<std::size_t>(got));
  return Secret::taking(std::move(text));
}

Result<std::filesystem::path> default_secret_file() {
  ASSIGN_OR_RETURN(const auto folder, config_folder());
  return folder / "secret";
}

Result<Enrolment> parse_enrolment(const Secret& text) {
  auto rest = text.reveal();
  ASSIGN_OR_RETURN(auto bytes, from_base32(take_line(rest)));
  Enrolment enrolment{Secret::taking(std::move(bytes)), {}};
  if (enrolment.key.size() < kShortestKey)
    return fail("the secret is shorter than {} bytes; expected the Base32 text of the enrolment",
                kShortestKey);
  if (const auto suite = take_line(rest); !suite.empty()) {
    RETURN_IF_ERROR(OcraSuite::parse(suite));
    enrolment.suite = suite;
  }
  const auto last = take_line(rest);
  if ((!last.empty() && last != kMutual) || !rest.empty())
    return fail("expected the secret, the suite, and 'mutual' or nothing, each in a line of its own");
  enrolment.mutual = !last.empty();
  return enrolment;
}

Result<Enrolment> read_enrolment(const std::filesystem::path& path) {
  auto text = read_private_file(path);
  if (!text && text.error().code() == ENOENT)
    return fail("there is no secret in {}; store the one you were given with: sallyport-respond --save",
                path.string());
  if (!text) return tl::unexpected{text.error()};
  auto enrolment = parse_enrolment(*text);
  if (!enrolment) return tl::unexpected{enrolment.error().within(path.string())};
  return enrolment;
}

Done save_enrolment(const std::filesystem::path& path, const Enrolment& enrolment) {
  std::error_code error;
  if (std::filesystem::exists(path, error)) return fail("{} exists already; remove it first", path.string());
  RETURN_IF_ERROR(make_private_folder(std::filesystem::absolute(path).parent_path()));
  std::string text = to_base32(enrolment.key.reveal());
  text.reserve(text.size() + 256);  // so that nothing of it is left behind elsewhere
  if (enrolment.suite || enrolment.mutual)
    text += fmt::format("\n{}", enrolment.suite.value_or(std::string{kDefaultOcraSuite}));
  if (enrolment.mutual) text += fmt::format("\n{}", kMutual);
  const auto secret = Secret::taking(text + "\n");
  wipe(text);
  return replace_file(std::filesystem::absolute(path), secret.reveal(), 0600);
}

Result<std::uint64_t> next_counter(const std::filesystem::path& secret_file) {
  const auto path = counter_file(secret_file);
  const auto text = read_private_file(path);
  if (!text && text.error().code() == ENOENT) return 0;
  if (!text) return tl::unexpected{text.error()};
  const auto counter = parse_counter(text->reveal());
  if (!counter) return tl::unexpected{counter.error().within(path.string())};
  return counter;
}

Result<std::uint64_t> take_counter(const std::filesystem::path& secret_file) {
  // Two responses at once must not use one counter; the secret itself is the lock, since the counter is
  // replaced.
  const UniqueFd lock{::open(secret_file.c_str(), O_RDONLY | O_CLOEXEC)};
  if (!lock || flock(lock.get(), LOCK_EX) != 0) return fail_errno("locking {}", secret_file.string());
  ASSIGN_OR_RETURN(const auto counter, next_counter(secret_file));
  const auto path = std::filesystem::absolute(counter_file(secret_file));
  RETURN_IF_ERROR(replace_file(path, fmt::format("{}\n", counter + 1), 0600));
  return counter;
}

}  // namespace sallyport
