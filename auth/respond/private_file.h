// The representative's own files: the enrolled secret, its counter, a password for scripts.
// Runs in: sallyport-respond (as the representative).
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"

namespace sallyport {

enum class Readers { owner, anyone };

// A small regular file (at most 1 MiB) that belongs to us, that nobody else can write, and with
// Readers::owner nobody else can read; with Readers::anyone it may be root's. Refused otherwise, with how to
// mend it.
Result<Secret> read_own_file(const std::filesystem::path& path, Readers readers);
Result<Secret> read_private_file(const std::filesystem::path& path);
// Takes the text before the next line end from the front of `rest`.
std::string_view take_line(std::string_view& rest);

// What `sallyport rep enroll` hands out: the key, and the suite where it is not the default one.
struct Enrolment {
  Secret key;
  std::optional<std::string> suite;
  bool mutual = false;  // the gate must answer a question of ours first
};

// $XDG_CONFIG_HOME/sallyport/secret, as a rule ~/.config/sallyport/secret.
Result<std::filesystem::path> default_secret_file();

// First line: the key in Base32, spaces and dashes allowed. Second line, optional: the suite. Third line,
// optional: "mutual".
Result<Enrolment> parse_enrolment(const Secret& text);
Result<Enrolment> read_enrolment(const std::filesystem::path& path);
// Writes it back in one canonical form, mode 0600, in a folder made with mode 0700. Refuses to replace one.
Done save_enrolment(const std::filesystem::path& path, const Enrolment& enrolment);

// For suites with a counter: the next one, kept beside the secret and written back before it is used, so that
// no counter is ever used twice.
Result<std::uint64_t> take_counter(const std::filesystem::path& secret_file);
// The same, left there: to check a gate's answer with.
Result<std::uint64_t> next_counter(const std::filesystem::path& secret_file);

}  // namespace sallyport
