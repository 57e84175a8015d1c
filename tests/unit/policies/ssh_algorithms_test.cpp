// What the gate offers in SSH. Runs in: unit tests.
#include "policies/ssh_algorithms.h"

#include <algorithm>

#include "tests/catch.h"

using namespace sallyport;

namespace {

constexpr SshProfile kProfiles[] = {SshProfile::modern, SshProfile::nist_800_131a};

std::vector<std::string> all_of(const SshAlgorithms& algorithms) {
  auto all = algorithms.key_exchanges;
  for (const auto* list : {&algorithms.ciphers, &algorithms.macs, &algorithms.host_keys})
    all.insert(all.end(), list->begin(), list->end());
  return all;
}

bool is_weak(const std::string& name) {
  return name.find("sha1") != std::string::npos || name.find("cbc") != std::string::npos ||
         name.find("group-exchange") != std::string::npos || name == "ssh-rsa" || name == "ssh-dss";
}

}  // namespace

TEST_CASE("nothing weak is offered to anybody, unless a target is marked as legacy") {
  for (const auto profile : kProfiles) {
    for (const auto& name : all_of(algorithms_for_targets(profile))) {
      INFO(name);
      CHECK_FALSE(is_weak(name));
    }
    const auto legacy = all_of(with_legacy(algorithms_for_targets(profile)));
    CHECK(std::any_of(legacy.begin(), legacy.end(), is_weak));
  }
}

TEST_CASE("a target with better algorithms uses them although it is marked as legacy") {
  const auto usual = algorithms_for_targets(SshProfile::modern), legacy = with_legacy(usual);
  for (const auto list : {&SshAlgorithms::key_exchanges, &SshAlgorithms::ciphers, &SshAlgorithms::macs,
                          &SshAlgorithms::host_keys})
    CHECK(std::equal((usual.*list).begin(), (usual.*list).end(), (legacy.*list).begin()));
}

TEST_CASE("MACs for the rep are encrypt-then-MAC only") {
  for (const auto profile : kProfiles)
    for (const auto& name : algorithms_for_reps(profile).macs) CHECK(name.find("-etm@") != std::string::npos);
}

TEST_CASE("post-quantum key exchanges come first") {
  const auto offered = algorithms_for_reps(SshProfile::modern).key_exchanges;
  const auto first_classical = std::ranges::find(offered, "curve25519-sha256");
  CHECK(first_classical != offered.begin());
  for (auto one = offered.begin(); one != first_classical; ++one)
    CHECK((one->starts_with("mlkem") || one->starts_with("sntrup")));
}

TEST_CASE("the NIST profile has NIST's curves, AES and SHA-2 alone; the usual one no NIST host key") {
  for (const auto& name : all_of(algorithms_for_targets(SshProfile::nist_800_131a)))
    for (const char* const foreign : {"25519", "chacha", "sntrup"}) {
      INFO(name);
      CHECK(name.find(foreign) == std::string::npos);
    }
  for (const auto& name : algorithms_for_reps(SshProfile::modern).host_keys)
    CHECK(name.find("nistp") == std::string::npos);
}
