// Runs in: sallyportd, sallyport, sallyport-send, sallyport-metrics.
#include "gateway/version/version.h"

#include <fmt/format.h>

#include "commit.h"  // made by commit.cmake

namespace sallyport {

const char* const kVersion = SALLYPORT_VERSION;
const char* const kCommit = SALLYPORT_COMMIT;
const char* const kLibraries = SALLYPORT_LIBRARIES;

std::string version_text(std::string_view program) {
  return fmt::format("{} {} (commit {})", program, kVersion, kCommit);
}

}  // namespace sallyport
