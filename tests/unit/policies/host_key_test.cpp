// HostKey: only whole keys of known types.
#include "policies/host_key.h"

#include "base/bytes.h"
#include "base/encoding.h"
#include "tests/catch.h"

using namespace sallyport;

namespace {

std::string line(const std::string& type, std::initializer_list<std::string> fields,
                 const std::string& tail = "") {
  ByteWriter writer;
  for (const auto& field : fields) writer.text(field);
  return type + " " + to_base64(writer.bytes() + tail);
}

// Made with ssh-keygen -t ed25519, fingerprint by ssh-keygen -l.
const std::string kKnown = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBERERERERERERERERERERERERERERERERERERERERER";

}  // namespace

TEST_CASE("good keys of every type are read") {
  const auto key = HostKey::parse(kKnown + " root@hmc");
  REQUIRE(key);
  CHECK(key->line() == kKnown);
  CHECK(key->label() == std::string{"ED25519"});
  CHECK(HostKey::parse(
      line("ecdsa-sha2-nistp256", {"ecdsa-sha2-nistp256", "nistp256", "\x04" + std::string(64, 'x')})));
  CHECK(
      HostKey::parse(line("ssh-rsa", {"ssh-rsa", "\x01", std::string(1, '\0') + std::string(256, '\xff')})));
}

TEST_CASE("what is not a whole key of a known type is refused") {
  const std::string data(32, 'k');
  for (const auto& bad : {
           std::string{}, std::string{"ssh-ed25519"}, std::string{"ssh-ed25519 !!!!"}, "hmc1 " + kKnown,
           line("ssh-dss", {"ssh-dss", "p"}),                               // unknown type
           line("ssh-ed25519", {"ssh-rsa", data}),                          // type and data differ
           line("ssh-ed25519", {"ssh-ed25519", data + "x"}),                // wrong length
           line("ssh-ed25519", {"ssh-ed25519", data}, "tail"),              // bytes left over
           line("ssh-rsa", {"ssh-rsa", "\x01", std::string(128, '\x7f')}),  // 1023 bits
           line("ecdsa-sha2-nistp256", {"ecdsa-sha2-nistp256", "nistp384", "\x04" + std::string(64, 'x')}),
           line("ecdsa-sha2-nistp256", {"ecdsa-sha2-nistp256", "nistp256", "\x02" + std::string(64, 'x')}),
           kKnown.substr(0, kKnown.size() - 4),  // cut short
       }) {
    INFO(bad);
    CHECK_FALSE(HostKey::parse(bad));
  }
}
