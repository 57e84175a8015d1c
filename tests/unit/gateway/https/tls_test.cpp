// The TLS policy, and which target is believed: two ends in one process. Runs in: unit tests.
#include "gateway/https/tls.h"

#include <openssl/err.h>
#include <sys/socket.h>

#include <array>

#include "base/unique_fd.h"
#include "tests/unit/gateway/https/identity.h"

using namespace sallyport;

namespace {

// Both sides step by step; nothing when they agree, else what one of them says.
std::string shake_hands(SSL* server, SSL* client) {
  int ends[2];
  REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) == 0);
  const UniqueFd first{ends[0]}, second{ends[1]};
  SSL_set_fd(server, first.get());
  SSL_set_fd(client, second.get());
  struct Side {
    SSL* tls;
    int (*step)(SSL*);
    bool done = false;
  };
  std::array<Side, 2> sides{Side{client, SSL_connect}, Side{server, SSL_accept}};
  for (int i = 0; i < 100; ++i)
    for (auto& side : sides) {
      if (side.done) continue;
      ERR_clear_error();
      const int result = side.step(side.tls);
      side.done = result == 1;
      const int error = SSL_get_error(side.tls, result);
      if (!side.done && error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) return tls_error();
    }
  return sides[0].done && sides[1].done ? "" : "stuck";
}

struct Pair {
  TlsContext server, client;
  std::string meet(void (*change)(SSL*) = nullptr) {
    const Tls a{SSL_new(server.get())}, b{SSL_new(client.get())};
    if (change != nullptr) change(b.get());
    auto said = shake_hands(a.get(), b.get());
    version = SSL_get_version(b.get());
    cipher = SSL_get_cipher_name(b.get());
    return said;
  }
  std::string version, cipher;
};

Pair pair(const Identity& identity, const WebTarget& target, TlsProfile profile = TlsProfile::modern) {
  auto server = context_for_reps(begin_with(identity, profile));
  auto client = context_for_target(target, profile);
  REQUIRE(server);
  REQUIRE(client);
  return {*std::move(server), *std::move(client), "", ""};
}

// `protocols`: each with its length in front.
void offer(SSL* tls, std::string_view protocols) {
  SSL_set_alpn_protos(tls, reinterpret_cast<const unsigned char*>(protocols.data()),
                      static_cast<unsigned>(protocols.size()));
}

WebTarget pinned(const std::string& pin) { return {"hmc1.example", {}, 443, {pin}, ""}; }

}  // namespace

TEST_CASE("a target is believed by its pinned key, whatever its certificate says") {
  const auto identity = new_identity("anything");
  auto both = pair(identity, pinned(identity.pin));
  CHECK(both.meet().empty());
  CHECK(both.version == "TLSv1.3");
  CHECK_FALSE(pair(identity, pinned(new_identity("anything").pin)).meet().empty());
  CHECK_FALSE(pair(identity, pinned("")).meet().empty());
}

TEST_CASE("a target is believed by an authority, under its own name only") {
  const auto identity = new_identity("hmc1.example");
  const auto target = [](const std::string& name, const std::string& authorities) {
    return WebTarget{name, {}, 443, {}, authorities};
  };
  CHECK(pair(identity, target("hmc1.example", identity.certificate)).meet().empty());
  CHECK(pair(identity, target("hmc1.example:12443", identity.certificate)).meet().empty());
  CHECK_FALSE(pair(identity, target("hmc2.example", identity.certificate)).meet().empty());
  CHECK_FALSE(pair(identity, target("198.51.100.20", identity.certificate)).meet().empty());
  CHECK_FALSE(
      pair(identity, target("hmc1.example", new_identity("hmc1.example").certificate)).meet().empty());
  CHECK_FALSE(context_for_target(target("hmc1.example", ""), TlsProfile::modern));
  CHECK_FALSE(context_for_target(target("hmc1.example", "no certificate"), TlsProfile::modern));
}

TEST_CASE("old versions and weak suites are not spoken") {
  const auto identity = new_identity("gate");
  auto both = pair(identity, pinned(identity.pin));
  CHECK(both.meet([](SSL* tls) { SSL_set_max_proto_version(tls, TLS1_2_VERSION); }).empty());
  CHECK(both.version == "TLSv1.2");
  CHECK_FALSE(both.meet([](SSL* tls) {
                    SSL_set_min_proto_version(tls, TLS1_VERSION);
                    SSL_set_max_proto_version(tls, TLS1_1_VERSION);
                  })
                  .empty());
  for (const char* const weak :
       {"AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-SHA", "DHE-RSA-AES128-GCM-SHA256", "eNULL"}) {
    INFO(weak);
    const Tls server{SSL_new(both.server.get())}, client{SSL_new(both.client.get())};
    SSL_set_max_proto_version(client.get(), TLS1_2_VERSION);
    if (SSL_set_cipher_list(client.get(), weak) != 1) continue;  // not in this build of OpenSSL
    CHECK_FALSE(shake_hands(server.get(), client.get()).empty());
  }
}

TEST_CASE("NIST SP 800-131A: AES and its curves only") {
  const auto identity = new_identity("gate");
  auto both = pair(identity, pinned(identity.pin), TlsProfile::nist_800_131a);
  CHECK(both.meet().empty());
  CHECK(both.cipher == "TLS_AES_256_GCM_SHA384");
  CHECK_FALSE(both.meet([](SSL* tls) { SSL_set1_groups_list(tls, "X25519"); }).empty());
  CHECK_FALSE(both.meet([](SSL* tls) { SSL_set_ciphersuites(tls, "TLS_CHACHA20_POLY1305_SHA256"); }).empty());
  CHECK(pair(identity, pinned(identity.pin))
            .meet([](SSL* tls) { SSL_set1_groups_list(tls, "X25519"); })
            .empty());
}

TEST_CASE("who comes for another protocol is refused") {
  const auto identity = new_identity("gate");
  auto both = pair(identity, pinned(identity.pin));
  CHECK(both.meet([](SSL* tls) { offer(tls, "\x02h2\x08http/1.1"); }).empty());
  CHECK(both.meet([](SSL* tls) { offer(tls, "\x08http/1.0"); }).empty());  // curl --http1.0
  CHECK_FALSE(both.meet([](SSL* tls) { offer(tls, "\x08http/0.9"); }).empty());
  CHECK_FALSE(both.meet([](SSL* tls) { offer(tls, "\x02h2"); }).empty());
  CHECK_FALSE(both.meet([](SSL* tls) {
                    offer(tls,
                          "\x03"
                          "ftp");
                  })
                  .empty());
}

TEST_CASE("a key that is not the certificate's, or none, is an error and no crash") {
  const auto one = new_identity("one"), other = new_identity("other");
  CHECK_FALSE(context_for_reps(begin_with({one.key, other.certificate, ""})));
  CHECK_FALSE(context_for_reps(begin_with({"", one.certificate, ""})));
  CHECK_FALSE(context_for_reps(begin_with({one.key, "", ""})));
  CHECK_FALSE(context_for_reps(begin_with({"no key", "no certificate", ""})));
  const auto chain = context_for_reps(begin_with({one.key, one.certificate + other.certificate, ""}));
  CHECK(chain);
}
