// load_catalogue: every file, every problem, all or nothing. Runs in: sallyportd, sallyport.
#include "policies/catalogue.h"

#include <sys/stat.h>

#include <algorithm>
#include <system_error>

#include "base/escape.h"
#include "base/file.h"
#include "base/secret.h"
#include "policies/file_formats.h"

namespace sallyport {

namespace {

constexpr std::size_t kLargestFile = 256 * 1024;
constexpr std::size_t kLargestSecret = 64 * 1024;
constexpr std::size_t kMostFiles = 10'000;

// The problem stands in front of a sentence that names the file again: once is enough.
std::string without_path(std::string text, const std::filesystem::path& path) {
  const auto prefix = path.string() + " ";
  return text.starts_with(prefix) ? text.substr(prefix.size()) : text;
}

// Whoever can write a folder can put another file of root's into it.
bool check_folder(const std::filesystem::path& folder, Problems& problems) {
  struct stat status {};
  const auto refuse = [&](std::string text) {
    problems.push_back({folder, 0, std::move(text)});
    return false;
  };
  if (lstat(folder.c_str(), &status) != 0) {
    if (errno == ENOENT) return false;  // no folder is an empty folder
    return refuse(Error{"looking at the folder", errno}.message());
  }
  if (!S_ISDIR(status.st_mode)) return refuse("is not a folder (a link is not followed)");
  if (status.st_uid != 0) return refuse("is not owned by root (fix: chown root)");
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0)
    return refuse("can be written by others than root (fix: chmod go-w)");
  return true;
}

std::vector<std::filesystem::path> toml_files(const std::filesystem::path& folder, Problems& problems) {
  if (!check_folder(folder, problems)) return {};
  std::vector<std::filesystem::path> files;
  std::error_code error;
  for (std::filesystem::directory_iterator it{folder, error}, end; !error && it != end; it.increment(error)) {
    const auto name = it->path().filename().string();
    if (name.ends_with(".toml") && !name.starts_with('.') && files.size() < kMostFiles)
      files.push_back(it->path());
  }
  if (error) problems.push_back({folder, 0, "reading the folder: " + error.message()});
  std::sort(files.begin(), files.end());
  return files;
}

// Reads what stands, or is to stand, in `path` with `read`, its problems in the order of lines.
template <class Read>
void read_text(std::string_view text, const std::filesystem::path& path, Problems& all, Read read) {
  Problems problems;
  if (const auto table = parse_toml(text))
    read(TableReader{*table, 0, "", path, problems});
  else
    problems.push_back({path, table.error().line, table.error().text});
  std::stable_sort(problems.begin(), problems.end(),
                   [](const Problem& a, const Problem& b) { return a.line < b.line; });
  all.insert(all.end(), problems.begin(), problems.end());
}

template <class Read>
void read_file(const std::filesystem::path& path, Problems& all, Read read) {
  if (const auto bytes = read_trusted_file(path, Trust::owned_by_root, kLargestFile))
    read_text(*bytes, path, all, read);
  else if (bytes.error().code() == ELOOP)
    all.push_back({path, 0, "is a symbolic link, which is not followed (expected a regular file)"});
  else
    all.push_back({path, 0, without_path(bytes.error().message(), path)});
}

template <class Map, class Read>
void read_folder(const std::filesystem::path& folder, Problems& problems, Map& map, Read read) {
  for (const auto& path : toml_files(folder, problems)) {
    const auto name = path.stem().string();
    if (!is_name(name)) {
      problems.push_back(
          {path, 0, "has a name that is not usable (expected a-z, 0-9, '.', '_', '-', at most 32)"});
      continue;
    }
    read_file(path, problems, [&](TableReader file) { map.emplace(name, read(std::move(file), name)); });
  }
}

Done check_secret(const std::filesystem::path& path) {
  auto bytes = read_trusted_file(path, Trust::secret_of_root, kLargestSecret);
  if (!bytes) return tl::unexpected{bytes.error()};
  const bool empty = bytes->empty();
  wipe(*bytes);
  if (empty) return fail("{} is empty", path.string());
  return {};
}

// A rep without a secret is not enrolled, which is no problem; one with a readable secret is.
void check_rep_secrets(const Catalogue& catalogue, const std::filesystem::path& folder, Problems& problems) {
  for (const auto& [name, rep] : catalogue.reps)
    for (const auto& file : {rep.secret_file, rep.keys_file, rep.credentials_file}) {
      const auto checked = check_secret(file);
      if (checked || checked.error().code() == ENOENT) continue;
      problems.push_back(
          {folder / "reps" / (name + ".toml"), 0, "the rep's secret: " + checked.error().message()});
    }
}

// All but sallyport.toml, for the catalogue's settings.
void read_the_rest(const std::filesystem::path& folder, Catalogue& catalogue, Problems& problems) {
  read_folder(folder / "policies", problems, catalogue.policies,
              [&](TableReader file, const std::string& name) {
                return read_policy(std::move(file), name, catalogue.settings.ssh_port);
              });
  read_folder(folder / "targets", problems, catalogue.targets,
              [&](TableReader file, const std::string& name) {
                return read_target(std::move(file), name, folder, check_secret);
              });
  read_folder(folder / "reps", problems, catalogue.reps, [&](TableReader file, const std::string& name) {
    return read_rep(std::move(file), name, folder);
  });
  check_rep_secrets(catalogue, folder, problems);
  const auto own = addresses_of_its_own(catalogue, folder);
  problems.insert(problems.end(), own.begin(), own.end());
}

tl::expected<Catalogue, Problems> all_or_nothing(Catalogue&& catalogue, Problems&& problems) {
  if (!problems.empty()) return tl::unexpected{std::move(problems)};
  return std::move(catalogue);
}

}  // namespace

std::vector<std::filesystem::path> stored_secret_files(const Catalogue& catalogue,
                                                       const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  const auto add = [&](const std::filesystem::path& file) {
    if (file.parent_path().parent_path() == folder / "secrets") files.push_back(file);
  };
  for (const auto& [name, rep] : catalogue.reps) add(rep.secret_file);
  for (const auto& [name, target] : catalogue.targets) add(target.secret_file);
  return files;
}

Problems addresses_of_its_own(const Catalogue& catalogue, const std::filesystem::path& folder) {
  Problems problems;
  const auto& own = catalogue.settings.addresses;
  for (const auto& [name, target] : catalogue.targets) {
    const auto check = [&, &file = name](const std::vector<Address>& addresses, const std::string& whose) {
      for (const auto& address : addresses)
        if (std::find(own.begin(), own.end(), address) != own.end())
          problems.push_back({folder / "targets" / (file + ".toml"), 0,
                              fmt::format("address {}{} is the gate's own", address.text(), whose)});
    };
    check(target.addresses, "");
    for (const auto& system : target.managed_systems)
      check(system.addresses, fmt::format(" of managed system '{}'", system.name));
  }
  return problems;
}

std::string Problem::message() const {
  const auto path = escape_terminal(file.string());
  return line == 0 ? fmt::format("{}: {}", path, text) : fmt::format("{}:{}: {}", path, line, text);
}

tl::expected<Settings, Problems> load_settings(const std::filesystem::path& folder) {
  Settings settings;
  Problems problems;
  check_folder(folder, problems);
  read_file(folder / "sallyport.toml", problems,
            [&](TableReader file) { settings = read_settings(std::move(file)); });
  if (!problems.empty()) return tl::unexpected{std::move(problems)};
  return settings;
}

tl::expected<Catalogue, Problems> load_catalogue(const std::filesystem::path& folder,
                                                 const Settings* in_force) {
  Catalogue catalogue;
  Problems problems;
  check_folder(folder, problems);
  read_file(folder / "sallyport.toml", problems,
            [&](TableReader file) { catalogue.settings = read_settings(std::move(file)); });
  if (in_force != nullptr) catalogue.settings = *in_force;
  read_the_rest(folder, catalogue, problems);
  return all_or_nothing(std::move(catalogue), std::move(problems));
}

tl::expected<Catalogue, Problems> load_catalogue_with(const std::filesystem::path& folder,
                                                      std::string_view text) {
  Catalogue catalogue;
  Problems problems;
  check_folder(folder, problems);
  read_text(text, folder / "sallyport.toml", problems,
            [&](TableReader file) { catalogue.settings = read_settings(std::move(file)); });
  read_the_rest(folder, catalogue, problems);
  return all_or_nothing(std::move(catalogue), std::move(problems));
}

}  // namespace sallyport
