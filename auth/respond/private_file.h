// The representative's own files: the enrolled secret, its counter, a password for scripts.
// Runs in: sallyport-respond (as the representative).
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/secret.h"

namespace sallyport {

// A small regular file that its owner alone can read; refused otherwise, with how to mend it.
Result<Secret> read_private_file(const std::filesystem::path& path);

// What `sallyport rep enroll` hands out: the key, and the suite where it is not the default one.
struct Enrolment {
  Secret key;
  std::optional<std::string> suite;
};

// $XDG_CONFIG_HOME/sallyport/secret, as a rule ~/.config/sallyport/secret.
Result<std::filesystem::path> default_secret_file();

// First line: the key in Base32, spaces and dashes allowed. Second line, optional: the suite.
Result<Enrolment> parse_enrolment(const Secret& text);
Result<Enrolment> read_enrolment(const std::filesystem::path& path);
// Writes it back in one canonical form, mode 0600, in a folder made with mode 0700. Refuses to replace one.
Done save_enrolment(const std::filesystem::path& path, const Enrolment& enrolment);

// For suites with a counter: the next one, kept beside the secret and written back before it is used, so that
// no counter is ever used twice.
Result<std::uint64_t> take_counter(const std::filesystem::path& secret_file);

}  // namespace sallyport
