// ssh's list of machines, as OpenSSH writes it. Runs in: unit tests.
#include "auth/respond/known_hosts.h"

#include <sys/stat.h>

#include "tests/catch.h"
#include "tests/fakes/temporary_folder.h"

using namespace sallyport;

namespace {

const std::string kKey = "AAAAC3NzaC1lZDI1NTE5AAAAIKpi9n0xkGc9w0zB7kcv6Gu0N9Ifp3CcWrFdPjZ0Hj0x";

std::size_t found(const std::string& line, const char* host) { return host_keys_of(line, host).size(); }

}  // namespace

TEST_CASE("a machine is found by name, among names, by pattern and with a port") {
  const auto rest = " ssh-ed25519 " + kKey + " comment\n";
  CHECK(found("gate" + rest, "gate") == 1);
  CHECK(found("GATE" + rest, "gate") == 1);
  CHECK(found("a,gate,192.0.2.1" + rest, "192.0.2.1") == 1);
  CHECK(found("*.example.com" + rest, "gate.example.com") == 1);
  CHECK(found("*.example.com,!gate.example.com" + rest, "gate.example.com") == 0);
  CHECK(found("[gate]:2222" + rest, "gate") == 1);
  CHECK(found("gate2" + rest, "gate") == 0);
  CHECK(found("# gate" + rest, "gate") == 0);
  CHECK(found("@revoked gate" + rest, "gate") == 0);
  CHECK(found("@cert-authority gate" + rest, "gate") == 0);
}

TEST_CASE("a hashed name is found") {
  // As `ssh-keygen -H` made it of gate.example.com.
  const std::string salt = "evTKVpsV7CZ806X82xxC5sE+pLc=", hash = "zmCixl1Ti0kmV4DG2sikqUnK900=";
  const auto line = "|1|" + salt + "|" + hash + " ssh-ed25519 " + kKey + "\n";
  CHECK(found(line, "gate.example.com") == 1);
  CHECK(found(line, "gate.example.org") == 0);
  CHECK(found("|1|" + salt + " ssh-ed25519 " + kKey, "gate.example.com") == 0);
  CHECK(found("|1|", "gate.example.com") == 0);
}

TEST_CASE("lines that cannot be read say nothing") {
  for (const char* line :
       {"gate", "gate ssh-ed25519", "gate ssh-ed25519 !!!", "[gate ssh-ed25519 AAAA", " \n\n", ""})
    CHECK(found(line, "gate") == 0);
}

TEST_CASE("a challenge of another machine than ssh is connected to is refused") {
  const TemporaryFolder folder;
  Options options;
  options.known_hosts = folder.path() / "known_hosts";
  put_contents(*options.known_hosts,
               "gate ssh-ed25519 " + kKey + "\nold ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQ==\n");
  chmod(options.known_hosts->c_str(), 0600);
  const auto own = host_keys_of("gate ssh-ed25519 " + kKey, "gate").front().fingerprint;
  const std::string other = "SHA256:" + std::string(43, 'A');
  const auto refused = [&](const char* host, const std::string& key) {
    return check_host(options, host, key)->has_value();
  };
  CHECK_FALSE(refused("gate", own));
  CHECK(refused("gate", other));
  CHECK_FALSE(refused("elsewhere", other));  // not listed: nothing is known
  CHECK_FALSE(refused("old", other));        // only a key of a kind that challenges do not name
  CHECK_FALSE(refused("", other));
}
