// What `sallyport doctor` looks at: each check is a small function with a one-line verdict and what to do.
// Everything is read, nothing is changed. Runs in: sallyport.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "gateway/audit/json.h"
#include "gateway/console/context.h"
#include "gateway/console/host_addresses.h"
#include "policies/catalogue.h"

namespace sallyport {

enum class Verdict { ok, warn, fail };
const char* to_text(Verdict verdict) noexcept;  // "ok", "warn", "FAIL"

struct Finding {
  Verdict verdict = Verdict::ok;
  std::string text;
  std::string fix;  // what to do; empty when nothing is to be done
};
Finding fine(std::string text);
Finding warning(std::string text, std::string fix);
Finding failure(std::string text, std::string fix);
Finding failure(const Error& error);  // in whose line the fix stands (base/advice.h)

// What the checks share.
struct Patient {
  const ConsoleContext& context;
  tl::expected<Catalogue, Problems> catalogue;
  Result<nlohmann::json> status;    // the daemon's own
  Result<nlohmann::json> grants{};  // those that are live, as it lists them
  // The settings in the files, or the defaults while the files have problems.
  Settings settings() const { return catalogue ? catalogue->settings : Settings{}; }
};

// Every check; prints each finding unless the output is JSON, and sets the exit code when one says FAIL.
// Returns {"verdict": …, "checks": […]}.
nlohmann::json diagnose(ConsoleContext& context);

// doctor_system.cpp
Finding check_kernel(const Patient& patient);
Finding check_clock(const Patient& patient);
Finding check_groups(const Patient& patient);
Finding check_worker_account(const Patient& patient);
Finding check_installed_programs(const Patient& patient);
// doctor_pam.cpp
Finding check_pam(const Patient& patient);
// doctor_files.cpp
Finding check_config(const Patient& patient);
Finding check_enrollment(const Patient& patient);
Finding check_permissions(const Patient& patient);
Finding check_host_keys(const Patient& patient);
Finding check_records(const Patient& patient);
// doctor_secrets.cpp
Finding check_secrets(const Patient& patient);
// doctor_sending.cpp
Finding check_sending(const Patient& patient);
// doctor_metrics.cpp
Finding check_metrics(const Patient& patient);
// doctor_network.cpp
Finding check_daemon(const Patient& patient);
Finding check_base_table(const Patient& patient);
Finding check_addresses(const Patient& patient);
// doctor_grants.cpp
Finding check_grants(const Patient& patient);

// Where the programs are that only the gate starts: beside the console, as in a build's folder, or installed.
std::filesystem::path helper_folder();

// Pure parts, for tests.
struct Sending;
Finding judge_sending(const std::vector<Sending>& all, WallTime now);
Finding judge_kernel(const std::string& release);
Finding judge_addresses(const std::vector<Address>& gate, const std::vector<HostAddress>& host);
struct PamLine {
  bool is_include = false;
  std::string name;   // of a module or of an included file
  std::string phase;  // "auth", "account", ...; empty: an @include, of all phases
};
std::optional<PamLine> parse_pam_line(std::string_view line);
struct StoredSecret {
  std::string name;  // "reps/kim"
  bool is_sealed = false;
  std::string key;  // the id of the key that it was sealed with, as it says
};
// `key`: the id of the gate's; empty: it has none.
Finding judge_secrets(const std::vector<StoredSecret>& secrets, const std::string& key);
// What `sallyport-auth --try` printed (auth/pam/pam_trial.h), and how long it took.
Finding judge_pam_trial(std::string_view told, std::chrono::milliseconds took, const std::string& file);

}  // namespace sallyport
