// What the linked libssh makes of the gate's lists. Runs in: unit tests.
#include "gateway/ssh/algorithms.h"

#include "policies/ssh_algorithms.h"
#include "tests/catch.h"

using namespace sallyport;

TEST_CASE("the filter keeps what the library knows, in our order") {
  const auto known = [](const std::string& name) { return name != "b"; };
  CHECK(keep_known({"c", "b", "a"}, known) == "c,a");
  CHECK(keep_known({"b"}, known).empty());
  CHECK(keep_known({}, known).empty());
}

TEST_CASE("the linked libssh takes our lists") {
  for (const auto profile : {SshProfile::modern, SshProfile::nist_800_131a}) {
    const SshBind bind{ssh_bind_new()};
    CHECK(set_rep_algorithms(bind.get(), algorithms_for_reps(profile)));
    const SshSession session{ssh_new()};
    CHECK(set_target_algorithms(session.get(), algorithms_for_targets(profile), {SSH_KEYTYPE_RSA}));
    CHECK(set_target_algorithms(session.get(), with_legacy(algorithms_for_targets(profile)), {}));
  }
}

TEST_CASE("a list of which the linked libssh knows nothing is an error") {
  auto algorithms = algorithms_for_targets(SshProfile::modern);
  algorithms.ciphers = {"rot13"};
  const SshSession session{ssh_new()};
  CHECK_FALSE(set_target_algorithms(session.get(), algorithms, {}));
}
