// What OpenSSL reads and writes in large pieces: two ends in one process. Runs in: unit tests.
#include "gateway/https/wire.h"

#include <openssl/err.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <array>
#include <optional>

#include "base/unique_fd.h"
#include "tests/unit/gateway/https/identity.h"

using namespace sallyport;

namespace {

struct End {
  End(SSL_CTX* context, int descriptor) : socket(descriptor), wire(descriptor), tls(SSL_new(context)) {
    REQUIRE(wire.attach(tls.get()));
  }
  int waiting() const {
    int bytes = 0;
    REQUIRE(ioctl(socket.get(), FIONREAD, &bytes) == 0);
    return bytes;
  }
  int error(int result) const { return SSL_get_error(tls.get(), result); }
  UniqueFd socket;
  Wire wire;
  Tls tls;
};

struct Pair {
  explicit Pair(const Identity& identity = new_identity("gate"))
      : server_context(*context_for_reps(begin_with(identity))),
        client_context(*context_for_target({"gate", {}, 443, {identity.pin}, ""}, TlsProfile::modern)) {
    std::array<int, 2> ends{};
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends.data()) == 0);
    server.emplace(server_context.get(), ends[0]);
    client.emplace(client_context.get(), ends[1]);
    for (int i = 0; i < 10; ++i) {
      const int connected = SSL_connect(client->tls.get());
      REQUIRE(client->wire.send() == Wire::Sent::all);
      server->wire.look_again();
      const int accepted = SSL_accept(server->tls.get());
      REQUIRE(server->wire.send() == Wire::Sent::all);
      client->wire.look_again();
      if (connected == 1 && accepted == 1) return;
    }
    FAIL("no handshake");
  }
  TlsContext server_context, client_context;
  std::optional<End> server, client;
};

std::size_t write_records(const End& end, std::size_t size) {
  const std::string text(size, 'x');
  std::size_t all = 0, count = 0;
  while (all < size && SSL_write_ex(end.tls.get(), text.data() + all, size - all, &count) == 1) all += count;
  return all;
}

}  // namespace

TEST_CASE("nothing is sent before it is told to be, and then all of it") {
  Pair pair;
  REQUIRE(write_records(*pair.server, 40'000) == 40'000);
  CHECK(pair.client->waiting() == 0);
  CHECK(pair.server->wire.send() == Wire::Sent::all);
  CHECK_FALSE(pair.server->wire.has_output());
  CHECK(pair.client->waiting() > 40'000);
}

TEST_CASE("several records come out of one read, and the kernel is not asked again before it is said") {
  Pair pair;
  std::array<char, 20'000> into{};
  std::size_t count = 0;
  for (const std::size_t size : {100, 200}) REQUIRE(write_records(*pair.server, size) == size);
  REQUIRE(pair.server->wire.send() == Wire::Sent::all);
  REQUIRE(SSL_read_ex(pair.client->tls.get(), into.data(), into.size(), &count) == 1);
  CHECK(count == 100);
  CHECK((pair.client->wire.has_input() && pair.client->waiting() == 0));
  REQUIRE(SSL_read_ex(pair.client->tls.get(), into.data(), into.size(), &count) == 1);
  CHECK((count == 200 && !pair.client->wire.has_input()));
  REQUIRE(write_records(*pair.server, 300) == 300);
  REQUIRE(pair.server->wire.send() == Wire::Sent::all);
  const int result = SSL_read_ex(pair.client->tls.get(), into.data(), into.size(), &count);
  CHECK(pair.client->error(result) == SSL_ERROR_WANT_READ);
  pair.client->wire.look_again();
  REQUIRE(SSL_read_ex(pair.client->tls.get(), into.data(), into.size(), &count) == 1);
  CHECK(count == 300);
}

TEST_CASE("what nobody takes has an end, and goes on when there is room") {
  Pair pair;
  const auto taken = write_records(*pair.server, 10'000'000);
  CHECK(taken < 200'000);
  CHECK_FALSE(pair.server->wire.has_room());
  std::array<char, 65'536> into{};
  std::size_t count = 0, all = 0;
  for (int i = 0; i < 100 && all < taken; ++i) {
    REQUIRE(pair.server->wire.send() != Wire::Sent::broken);
    pair.client->wire.look_again();
    while (SSL_read_ex(pair.client->tls.get(), into.data(), into.size(), &count) == 1) all += count;
  }
  CHECK((all == taken && pair.server->wire.has_room()));
}

TEST_CASE("a connection that ends without saying so in TLS is an error") {
  Pair pair;
  REQUIRE(write_records(*pair.server, 100) == 100);
  REQUIRE(pair.server->wire.send() == Wire::Sent::all);
  REQUIRE(shutdown(pair.server->socket.get(), SHUT_WR) == 0);
  std::array<char, 1000> into{};
  std::size_t count = 0;
  REQUIRE(SSL_read_ex(pair.client->tls.get(), into.data(), into.size(), &count) == 1);
  pair.client->wire.look_again();
  ERR_clear_error();
  const int result = SSL_read_ex(pair.client->tls.get(), into.data(), into.size(), &count);
  CHECK(pair.client->error(result) == SSL_ERROR_SSL);
  CHECK(tls_error() == "unexpected eof while reading");
}

TEST_CASE("buffers are given back only when nothing is in them") {
  Pair pair;
  REQUIRE(write_records(*pair.server, 100) == 100);
  pair.server->wire.release();
  REQUIRE(pair.server->wire.send() == Wire::Sent::all);
  pair.server->wire.release();
  std::array<char, 1000> into{};
  std::size_t count = 0;
  REQUIRE(SSL_read_ex(pair.client->tls.get(), into.data(), into.size(), &count) == 1);
  CHECK(count == 100);
}
