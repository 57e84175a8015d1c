// Which build this is: for --version, `status` and the journal. Runs in: all but workers and helpers.
#pragma once

#include <string>
#include <string_view>

namespace sallyport {

extern const char* const kVersion;    // "0.1.0"
extern const char* const kCommit;     // of the source: "d7af44601c2e", with "+" where it was changed since; or "unknown"
extern const char* const kLibraries;  // what it was built with: "libssh 0.10.6, OpenSSL 3.0.17, …"

// "sallyport 0.1.0 (commit d7af44601c2e)"
std::string version_text(std::string_view program);

}  // namespace sallyport
