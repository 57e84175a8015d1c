// doctor: kernel, clock, accounts, PAM. Runs in: sallyport.
#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <sys/timex.h>
#include <sys/utsname.h>

#include <array>
#include <charconv>
#include <fstream>
#include <set>

#include "gateway/console/doctor.h"

namespace sallyport {

namespace {

// 5.12 is the first kernel with nftables' table flag "owner", on which I4 stands.
constexpr int kLeastMajor = 5, kLeastMinor = 12;
// A clock before this program was written is wrong.
constexpr std::chrono::sys_days kBuiltAfter = std::chrono::year{2025} / 1 / 1;

constexpr std::array kPamFolders{"/lib/x86_64-linux-gnu/security",
                                 "/usr/lib/x86_64-linux-gnu/security",
                                 "/lib/aarch64-linux-gnu/security",
                                 "/lib/powerpc64le-linux-gnu/security",
                                 "/lib/s390x-linux-gnu/security",
                                 "/lib/security",
                                 "/usr/lib/security",
                                 "/lib64/security"};
constexpr int kDeepestInclude = 8;

bool module_exists(const std::string& name) {
  std::error_code error;
  if (name.starts_with('/')) return std::filesystem::exists(name, error);
  for (const auto* folder : kPamFolders)
    if (std::filesystem::exists(std::filesystem::path{folder} / name, error)) return true;
  return false;
}

// What the PAM file and those it includes name and the machine does not have.
void find_missing(const std::filesystem::path& file, int depth, std::set<std::string>& missing) {
  std::ifstream lines{file};
  if (!lines) return void(missing.insert(file.string()));
  for (std::string line; std::getline(lines, line);) {
    const auto parsed = parse_pam_line(line);
    if (!parsed) continue;
    if (parsed->is_include && depth < kDeepestInclude)
      find_missing(file.parent_path() / parsed->name, depth + 1, missing);
    if (!parsed->is_include && !module_exists(parsed->name)) missing.insert(parsed->name);
  }
}

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  line = line.substr(0, line.find('#'));
  for (;;) {
    const auto begin = line.find_first_not_of(" \t");
    if (begin == std::string_view::npos) return words;
    line.remove_prefix(begin);
    // A control such as [success=1 default=ignore] is one word.
    const auto end = line.front() == '[' ? line.find(']') : line.find_first_of(" \t");
    const auto size = end == std::string_view::npos ? line.size() : end + (line.front() == '[' ? 1 : 0);
    words.push_back(line.substr(0, size));
    line.remove_prefix(size);
  }
}

}  // namespace

std::optional<PamLine> parse_pam_line(std::string_view line) {
  const auto words = words_of(line);
  if (words.size() >= 2 && words[0] == "@include") return PamLine{true, std::string{words[1]}};
  if (words.size() < 3) return std::nullopt;
  if (words[1] == "include" || words[1] == "substack") return PamLine{true, std::string{words[2]}};
  // A leading '-' means that the module may be absent.
  if (words[0].starts_with('-')) return std::nullopt;
  return PamLine{false, std::string{words[2]}};
}

Finding judge_kernel(const std::string& release) {
  int major = 0, minor = 0;
  const char* const end = release.data() + release.size();
  const auto first = std::from_chars(release.data(), end, major);
  if (first.ptr != end && *first.ptr == '.') std::from_chars(first.ptr + 1, end, minor);
  if (major > kLeastMajor || (major == kLeastMajor && minor >= kLeastMinor)) return fine("kernel " + release);
  return failure("kernel " + release + " is too old",
                 "5.12 or later is needed: only then the kernel itself closes when the gate dies");
}

Finding check_kernel(const Patient&) {
  utsname name{};
  if (uname(&name) != 0) return warning("the kernel's version is not known", "");
  return judge_kernel(name.release);
}

Finding check_clock(const Patient&) {
  if (std::chrono::system_clock::now() < kBuiltAfter)
    return failure("the clock is wrong: it shows a time before this program was made",
                   "set the clock; install chrony");
  timex state{};
  const int sync = adjtimex(&state);
  if (sync == TIME_ERROR || (state.status & STA_UNSYNC) != 0)
    return warning("the clock is not synchronised: times in the records may be off", "apt install chrony");
  return fine("the clock is synchronised");
}

Finding check_groups(const Patient&) {
  for (const auto* name : {"sallyport-admin", "sallyport-auditor"})
    if (getgrnam(name) == nullptr)
      return failure(fmt::format("group {} is missing", name), fmt::format("groupadd --system {}", name));
  const auto* admins = getgrnam("sallyport-admin");
  if (admins->gr_mem == nullptr || admins->gr_mem[0] == nullptr)
    return warning("groups are there; nobody is in sallyport-admin, only root may enable",
                   "usermod -aG sallyport-admin NAME");
  return fine("groups sallyport-admin and sallyport-auditor");
}

Finding check_worker_account(const Patient& patient) {
  const auto user = patient.settings().worker_user;
  const auto* account = getpwnam(user.c_str());
  if (account == nullptr)
    return failure(fmt::format("the workers' account {} is missing", user),
                   fmt::format("useradd --system --no-create-home --shell /usr/sbin/nologin {}", user));
  if (account->pw_uid == 0)
    return failure(fmt::format("the workers' account {} is root", user), "give it an id of its own");
  return fine(fmt::format("the workers' account {}", user));
}

Finding check_pam(const Patient& patient) {
  const auto file = std::filesystem::path{"/etc/pam.d"} / patient.settings().pam_service;
  std::error_code error;
  if (!std::filesystem::exists(file, error))
    return failure(fmt::format("PAM file {} is missing: nobody could log in", file.string()),
                   "install packaging/pam.d/sallyport there");
  std::set<std::string> missing;
  find_missing(file, 0, missing);
  if (missing.empty()) return fine(fmt::format("PAM file {} and its modules", file.string()));
  return failure(
      fmt::format("PAM file {} names what is not there: {}", file.string(), fmt::join(missing, ", ")),
      "install the modules or take out the lines");
}

}  // namespace sallyport
