// Runs in: sallyport-respond (as the representative).
#include "auth/respond/home.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <optional>

namespace sallyport {

namespace {

// The XDG rules: what is not absolute is to be ignored.
std::optional<std::filesystem::path> absolute_variable(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr || *value != '/') return std::nullopt;
  return value;
}

}  // namespace

Result<std::filesystem::path> home_folder() {
  // The accounts' database is not asked: a statically linked program cannot be sure to reach it.
  if (auto home = absolute_variable("HOME")) return *home;
  return fail("no home directory is known: the variable HOME is not set");
}

Result<std::filesystem::path> config_folder() {
  if (const auto config = absolute_variable("XDG_CONFIG_HOME")) return *config / "sallyport";
  ASSIGN_OR_RETURN(const auto home, home_folder());
  return home / ".config/sallyport";
}

Result<std::filesystem::path> runtime_folder() {
  if (const auto runtime = absolute_variable("XDG_RUNTIME_DIR")) return *runtime / "sallyport";
  ASSIGN_OR_RETURN(const auto home, home_folder());
  return home / ".cache/sallyport";
}

Done make_private_folder(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder.parent_path(), error);
  if (error)
    return tl::unexpected{Error{fmt::format("making the folder {}", folder.string()), error.value()}};
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST)
    return fail_errno("making the folder {}", folder.string());
  return {};
}

}  // namespace sallyport
