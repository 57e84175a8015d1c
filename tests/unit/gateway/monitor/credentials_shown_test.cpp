// Which ids of WebAuthn credentials a name is shown must not tell it apart (I11). Runs in: tests.
#include "auth/ssh_signature/enrolled_keys.h"
#include "base/encoding.h"
#include "gateway/monitor/peer.h"
#include "tests/catch.h"
#include "tests/unit/policies/folder.h"

using namespace sallyport;

namespace {

const Secret kKey{std::string_view{"the gate's own"}};
constexpr const char* kPublicKey =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDKkzAM4r+drxc+h7nhI1yayVioE09qQphSqNH9kgg5g ";
constexpr const char* kOtherKey =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIegVS1pd0kQAXi3EQmaZswXbeZMqIx6os+nQYtOfHuf ";

std::vector<std::size_t> sizes_of(const std::vector<std::string>& ids) {
  std::vector<std::size_t> sizes;
  for (const auto& id : ids) sizes.push_back(from_base64url(id).value().size());
  return sizes;
}

}  // namespace

TEST_CASE("I11: a rep sees its own ids, another name as many of its own that stay and are as long") {
  const ConfigFolder folder;
  Rep kim;
  kim.name = "kim";
  kim.credentials_file = folder.path() / "secrets/rep-webauthn/kim";
  const auto first = to_base64url(std::string(48, 'a')), second = to_base64url(std::string(20, 'b'));
  folder.put("secrets/rep-webauthn/kim",
             std::string{"webauthn "} + kPublicKey + first + "\nwebauthn " + kOtherKey + second + "\n", 0600);
  CHECK(credentials_shown(kim, "kim", kKey) == std::vector<std::string>{first, second});
  const auto zed = credentials_shown(kim, "zed", kKey), amy = credentials_shown(kim, "amy", kKey);
  CHECK(sizes_of(zed) == std::vector<std::size_t>{48, 20});
  CHECK(sizes_of(amy) == sizes_of(zed));
  CHECK(zed != amy);
  CHECK(zed != std::vector<std::string>{first, second});
  CHECK(zed == credentials_shown(kim, "zed", kKey));
}

TEST_CASE("I11: a rep whose keys are gone or cannot be read sees made-up ids, as any name that is like it") {
  const ConfigFolder folder;
  Rep kim;
  kim.name = "kim";
  kim.credentials_file = folder.path() / "secrets/rep-webauthn/kim";
  SECTION("gone") {}
  SECTION("spoilt") { folder.put("secrets/rep-webauthn/kim", "webauthn x\n", 0600); }
  SECTION("of others too") {
    folder.put("secrets/rep-webauthn/kim",
               std::string{"webauthn "} + kPublicKey + to_base64url(std::string(48, 'a')), 0644);
  }
  const auto kims = credentials_shown(kim, "kim", kKey), zeds = credentials_shown(kim, "zed", kKey);
  CHECK(sizes_of(kims) == std::vector<std::size_t>{64});
  CHECK(sizes_of(zeds) == sizes_of(kims));
  CHECK(kims != zeds);
}
