// What the gate offers in SSH. Runs in: unit tests.
#include "gateway/ssh/algorithms.h"

#include <algorithm>

#include "tests/catch.h"

using namespace sallyport;

namespace {
constexpr AlgorithmKind kKinds[] = {AlgorithmKind::key_exchange, AlgorithmKind::cipher, AlgorithmKind::mac,
                                    AlgorithmKind::host_key};
}

TEST_CASE("the filter keeps what the library knows, in our order") {
  const auto known = [](const std::string& name) { return name != "b"; };
  CHECK(keep_known({"c", "b", "a"}, known) == "c,a");
  CHECK(keep_known({"b"}, known).empty());
  CHECK(keep_known({}, known).empty());
}

TEST_CASE("nothing weak is offered to anybody") {
  for (const auto kind : kKinds)
    for (const auto name : target_algorithms(kind)) {
      INFO(name);
      CHECK(name.find("sha1") == std::string_view::npos);
      CHECK(name.find("cbc") == std::string_view::npos);
      CHECK(name.find("group-exchange") == std::string_view::npos);
      CHECK(name != "ssh-rsa");
      CHECK(name != "ssh-dss");
    }
}

TEST_CASE("MACs for the rep are encrypt-then-MAC only") {
  for (const auto name : rep_algorithms(AlgorithmKind::mac))
    CHECK(name.find("-etm@") != std::string_view::npos);
}

TEST_CASE("post-quantum key exchanges come first") {
  const auto offered = rep_algorithms(AlgorithmKind::key_exchange);
  const auto first_classical = std::ranges::find(offered, "curve25519-sha256");
  for (auto one = offered.begin(); one != first_classical; ++one)
    CHECK((one->starts_with("mlkem") || one->starts_with("sntrup")));
}

TEST_CASE("the linked libssh takes our lists") {
  const SshBind bind{ssh_bind_new()};
  CHECK(set_rep_algorithms(bind.get()));
  const SshSession session{ssh_new()};
  CHECK(set_target_algorithms(session.get(), {SSH_KEYTYPE_RSA}));
}
