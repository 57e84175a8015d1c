// Runs in: sallyportd (privileged), sallyport.
#include "gateway/core/programs.h"

#include "base/file.h"

namespace sallyport {

Done check_programs(const std::filesystem::path& libexec) {
  for (const char* const name : {"sallyport-ssh", "sallyport-https", "sallyport-auth"})
    RETURN_IF_ERROR(check_program(libexec / name));
  return {};
}

}  // namespace sallyport
