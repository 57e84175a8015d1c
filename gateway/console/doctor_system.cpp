// doctor: kernel, clock, accounts, programs. Runs in: sallyport.
#include <grp.h>
#include <pwd.h>
#include <sys/timex.h>
#include <sys/utsname.h>

#include <charconv>

#include "base/clock.h"
#include "gateway/console/doctor.h"
#include "gateway/core/programs.h"

namespace sallyport {

namespace {

// 5.12 is the first kernel with nftables' table flag "owner", on which I4 stands.
constexpr int kLeastMajor = 5, kLeastMinor = 12;

}  // namespace

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
  if (SystemClock{}.wall() < kMadeAfter)
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

std::filesystem::path helper_folder() {
  std::error_code error;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
  if (!error && std::filesystem::exists(self.parent_path() / "sallyportd", error)) return self.parent_path();
  return SALLYPORT_LIBEXECDIR;
}

Finding check_installed_programs(const Patient&) {
  const auto folder = helper_folder();
  if (const auto done = check_programs(folder); !done) return failure(done.error());
  return fine(fmt::format("the programs in {}", folder.string()));
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

}  // namespace sallyport
