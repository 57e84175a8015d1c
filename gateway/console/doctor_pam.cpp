// doctor: the PAM service, read and then tried. Runs in: sallyport.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <fstream>
#include <set>

#include "base/duration.h"
#include "gateway/console/doctor.h"
#include "gateway/console/run_program.h"

namespace sallyport {

namespace {

constexpr std::array kPamFolders{"/lib/x86_64-linux-gnu/security",
                                 "/usr/lib/x86_64-linux-gnu/security",
                                 "/lib/aarch64-linux-gnu/security",
                                 "/lib/powerpc64le-linux-gnu/security",
                                 "/lib/s390x-linux-gnu/security",
                                 "/lib/security",
                                 "/usr/lib/security",
                                 "/lib64/security"};
constexpr int kDeepestInclude = 8;
// What a login may well take when a directory is asked; more than that is felt.
constexpr std::chrono::seconds kSlow{3};
constexpr const char* kGuide = "docs/PAM.md has stacks that work";

bool module_exists(const std::string& name) {
  std::error_code error;
  if (name.starts_with('/')) return std::filesystem::exists(name, error);
  for (const auto* folder : kPamFolders)
    if (std::filesystem::exists(std::filesystem::path{folder} / name, error)) return true;
  return false;
}

// What a PAM file, and those that it includes, say.
struct PamStack {
  std::set<std::string> missing;  // modules and files that the machine does not have
  std::set<std::string> phases;   // that have a module
};

// `only`: the phase that an "auth include FILE" takes from it; empty: all.
void read_stack(const std::filesystem::path& file, const std::string& only, int depth, PamStack& stack) {
  std::ifstream lines{file};
  if (!lines) return void(stack.missing.insert(file.string()));
  for (std::string line; std::getline(lines, line);) {
    const auto parsed = parse_pam_line(line);
    if (!parsed || (!only.empty() && !parsed->phase.empty() && parsed->phase != only)) continue;
    const auto& phase = parsed->phase.empty() ? only : parsed->phase;
    if (parsed->is_include && depth < kDeepestInclude)
      read_stack(file.parent_path() / parsed->name, phase, depth + 1, stack);
    if (parsed->is_include) continue;
    stack.phases.insert(phase);
    if (!module_exists(parsed->name)) stack.missing.insert(parsed->name);
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

// The line of a trial that begins with `phase`, without that word.
std::string_view line_of(std::string_view told, std::string_view phase) {
  while (!told.empty()) {
    const auto end = std::min(told.find('\n'), told.size());
    const auto line = told.substr(0, end);
    told.remove_prefix(std::min(end + 1, told.size()));
    if (line.starts_with(phase) && line.substr(phase.size()).starts_with(' '))
      return line.substr(phase.size() + 1);
  }
  return {};
}

bool is_one_of(std::string_view status, std::initializer_list<std::string_view> names) {
  return std::any_of(names.begin(), names.end(), [&](std::string_view name) { return status == name; });
}

Finding try_service(const Settings& settings, const std::string& file) {
  const auto began = std::chrono::steady_clock::now();
  const auto done = run_program(
      {helper_folder() / "sallyport-auth", to_text(settings.login.helper_deadline), "--try", settings.pam_service}, {});
  const auto took = std::chrono::steady_clock::now() - began;
  if (!done)
    return warning("the PAM service cannot be tried: " + done.error().message(), "reinstall sallyport");
  if (done->signal == SIGKILL)
    return failure(
        fmt::format("a module of {} hangs: no answer in {}", file, to_text(settings.login.helper_deadline)),
        "look at its log; a directory needs a timeout of its own, docs/PAM.md");
  if (done->signal != 0)
    return failure(fmt::format("a module of {} crashes (signal {})", file, done->signal),
                   "journalctl; replace it");
  return judge_pam_trial(done->output, std::chrono::duration_cast<std::chrono::milliseconds>(took), file);
}

}  // namespace

Finding judge_pam_trial(std::string_view told, std::chrono::milliseconds took, const std::string& file) {
  const auto auth = line_of(told, "auth"), account = line_of(told, "account");
  const auto auth_status = auth.substr(0, auth.find(' ')),
             account_status = account.substr(0, account.find(' '));
  const auto questions = line_of(told, "questions");
  if (auth_status == "PAM_SUCCESS")
    return failure(fmt::format("{} lets anybody in: an account that does not exist, with any password", file),
                   std::string{"remove what permits without a password; "} + kGuide);
  if (auth_status == "PAM_AUTHINFO_UNAVAIL")
    return failure(fmt::format("{}: where the accounts are cannot be asked ({})", file, auth),
                   "is sssd or nslcd running, and can it reach the directory? " + std::string{kGuide});
  if (questions != "0" && questions != "1")
    return failure(fmt::format("{} asks {} questions; the gate answers one, the password", file, questions),
                   "take out the second factor: the gate's challenge is one; " + std::string{kGuide});
  if (!is_one_of(auth_status, {"PAM_AUTH_ERR", "PAM_USER_UNKNOWN", "PAM_MAXTRIES", "PAM_PERM_DENIED",
                               "PAM_CRED_INSUFFICIENT"}))
    return failure(fmt::format("{} does not work: {}", file, auth.empty() ? "no answer" : auth),
                   "a module cannot be loaded or used: journalctl -t sallyport-auth");
  if (account_status == "PAM_SUCCESS")
    return warning(fmt::format("{}: the account phase refuses nobody, expired accounts get in", file),
                   "account required pam_unix.so, or the directory's module; " + std::string{kGuide});
  if (took > kSlow)
    return warning(fmt::format("{} takes {} ms to refuse", file, took.count()),
                   "give the modules nodelay, and the directory a shorter timeout; " + std::string{kGuide});
  return fine(fmt::format("PAM file {}, tried: it refuses who does not exist", file));
}

std::optional<PamLine> parse_pam_line(std::string_view line) {
  const auto words = words_of(line);
  if (words.size() >= 2 && words[0] == "@include") return PamLine{true, std::string{words[1]}, {}};
  if (words.size() < 3) return std::nullopt;
  const std::string phase{words[0]};
  if (words[1] == "include" || words[1] == "substack") return PamLine{true, std::string{words[2]}, phase};
  // A leading '-' means that the module may be absent.
  if (phase.starts_with('-')) return std::nullopt;
  return PamLine{false, std::string{words[2]}, phase};
}

Finding check_pam(const Patient& patient) {
  const auto settings = patient.settings();
  const auto file = std::filesystem::path{"/etc/pam.d"} / settings.pam_service;
  std::error_code error;
  if (!std::filesystem::exists(file, error))
    return failure(fmt::format("PAM file {} is missing: nobody could log in", file.string()),
                   "install packaging/pam.d/sallyport there");
  PamStack stack;
  read_stack(file, {}, 0, stack);
  if (!stack.missing.empty())
    return failure(
        fmt::format("PAM file {} names what is not there: {}", file.string(), fmt::join(stack.missing, ", ")),
        "install the modules or take out the lines");
  for (const char* phase : {"auth", "account"})
    if (!stack.phases.contains(phase))  // PAM would take the service "other" for it
      return failure(fmt::format("PAM file {} has no {} phase", file.string(), phase),
                     fmt::format("add a line such as: {} required pam_unix.so; {}", phase, kGuide));
  if (geteuid() != 0)
    return fine(fmt::format("PAM file {} and its modules (run as root to try it)", file.string()));
  return try_service(settings, file.string());
}

}  // namespace sallyport
