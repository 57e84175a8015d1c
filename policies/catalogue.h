// Catalogue: all that /etc/sallyport says, read whole or refused whole (I8).
// Runs in: sallyportd, sallyport.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "policies/policy.h"
#include "policies/rep.h"
#include "policies/settings.h"
#include "policies/target.h"

namespace sallyport {

struct Catalogue {
  Settings settings;
  std::map<std::string, Policy, std::less<>> policies;
  std::map<std::string, Target, std::less<>> targets;
  std::map<std::string, Rep, std::less<>> reps;
};

// "kim, lee", of one of those maps; "none yet".
template <class Map>
std::string names_in(const Map& map) {
  std::string names;
  for (const auto& [name, value] : map) names += (names.empty() ? "" : ", ") + name;
  return names.empty() ? "none yet" : names;
}

// One fault in one file: what stands there and what was expected.
struct Problem {
  std::filesystem::path file;
  std::uint32_t line = 0;  // 0: the file as a whole
  std::string text;

  std::string message() const;  // "/etc/sallyport/targets/hmc1.toml:3: …"
};
using Problems = std::vector<Problem>;

// Reads `folder`/sallyport.toml, policies/*.toml, targets/*.toml, reps/*.toml. All problems of all files
// are found in one go; one is enough to refuse the whole. With `in_force`, sallyport.toml is only checked:
// the rest is read for, and the catalogue gets, those settings (a running gate's).
tl::expected<Catalogue, Problems> load_catalogue(const std::filesystem::path& folder,
                                                 const Settings* in_force = nullptr);

// As load_catalogue() would find the folder if `text` stood in its sallyport.toml: to look before one writes.
tl::expected<Catalogue, Problems> load_catalogue_with(const std::filesystem::path& folder,
                                                      std::string_view text);

// Targets with an address of the gate's: it must not be made to dial itself, or to forward to itself, past
// its own firewall. A part of the above.
Problems addresses_of_its_own(const Catalogue& catalogue, const std::filesystem::path& folder);

// `folder`/sallyport.toml alone, for a program that needs no more and may read no more.
tl::expected<Settings, Problems> load_settings(const std::filesystem::path& folder);

// Where the secrets of reps and targets are to lie under `folder`/secrets, whether they are there or not.
// Another path in a target's file is somebody else's file, too, and not among them.
std::vector<std::filesystem::path> stored_secret_files(const Catalogue& catalogue,
                                                       const std::filesystem::path& folder);

// Names of policies, targets and reps: [a-z0-9][a-z0-9._-]{0,31}, so that they are safe in file names,
// user names and log lines.
bool is_name(std::string_view text) noexcept;

}  // namespace sallyport
