// When streams send, and whom they give up: two ends in one process. Runs in: unit tests.
#include "gateway/https/stream.h"

#include <sys/ioctl.h>
#include <sys/socket.h>

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>

#include "tests/unit/gateway/https/identity.h"

using namespace sallyport;

namespace {

void no_exception(const std::exception_ptr& thrown) { REQUIRE(thrown == nullptr); }

struct Connection {
  Connection(asio::io_context& io, Streams& streams, const Identity& identity = new_identity("gate"))
      : server_context(*context_for_reps(begin_with(identity))),
        client_context(*context_for_target({"gate", {}, 443, {identity.pin}, ""}, TlsProfile::modern)) {
    std::array<int, 2> ends{};
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()) == 0);
    client_socket = ends[1];
    server = *Stream::over(io, streams, UniqueFd{ends[0]}, *server_context);
    client = *Stream::over(io, streams, UniqueFd{ends[1]}, *client_context);
    asio::co_spawn(io, shake_hands(*server, *client), no_exception);
    io.run();
    io.restart();
    REQUIRE(agreed == 2);
  }
  Task<> shake_hands(Stream& one, Stream& other) {
    asio::co_spawn(co_await asio::this_coro::executor, accept(one), no_exception);
    const auto connected = co_await other.connect("gate");
    agreed += connected ? 1 : 0;
  }
  Task<> accept(Stream& one) {
    const auto accepted = co_await one.accept();
    agreed += accepted ? 1 : 0;
  }
  int waiting() const {
    int bytes = 0;
    REQUIRE(ioctl(client_socket, FIONREAD, &bytes) == 0);
    return bytes;
  }
  TlsContext server_context, client_context;
  std::unique_ptr<Stream> server, client;
  int client_socket = -1, agreed = 0;
};

Task<> read_bytes(Stream& stream, int count, int& read) {
  for (; read < count; ++read) {
    std::array<char, 1> byte{};
    const auto got = co_await stream.read_some(byte);
    REQUIRE((got && *got == 1));
  }
}

struct Turn {
  // Until that is written, and no further.
  void write(std::size_t size) {
    asio::co_spawn(io, write_and_look(size), no_exception);
    while (seen < 0) io.poll_one();
  }
  Task<> write_and_look(std::size_t size) {
    const std::string text(size, 'x');
    const auto written = co_await connection.server->write(text);
    REQUIRE(written);
    seen = connection.waiting();
  }
  asio::io_context io;
  Streams streams{io};
  Connection connection{io, streams};
  int seen = -1;  // bytes at the other end, after the write
};

}  // namespace

TEST_CASE("small pieces go out at the end of the loop's turn") {
  Turn turn;
  turn.write(1000);
  CHECK(turn.seen == 0);
  turn.io.run();
  CHECK(turn.connection.waiting() > 1000);
}

TEST_CASE("large pieces go out at once") {
  Turn turn;
  turn.write(40'000);
  CHECK(turn.seen > 40'000);
}

TEST_CASE("a stream that ends before the turn's end is not sent any more") {
  Turn turn;
  turn.write(1000);
  turn.connection.server.reset();
  turn.io.run();
  CHECK(turn.connection.waiting() == 0);
}

TEST_CASE("what works for a rep who has gone is cut within a second") {
  asio::io_context io;
  Streams streams{io};
  Connection rep{io, streams}, target{io, streams};
  target.client->work_for(rep.server.get());
  streams.look_through(Moment::clock::now());
  CHECK_FALSE(target.client->works_in_vain());
  rep.client.reset();
  streams.look_through(Moment::clock::now());
  CHECK(target.client->works_in_vain());
}

TEST_CASE("an idle connection is not quiet when its end waits behind something of TLS's own") {
  asio::io_context io;
  Streams streams{io};
  Connection connection{io, streams};
  CHECK(connection.client->is_quiet());
  REQUIRE(SSL_key_update(connection.server->tls(), SSL_KEY_UPDATE_NOT_REQUESTED) == 1);
  REQUIRE(SSL_do_handshake(connection.server->tls()) == 1);
  CHECK(connection.server->is_quiet());  // and sends it
  connection.server.reset();
  CHECK_FALSE(connection.client->is_quiet());
}

TEST_CASE("a peer that always has more to read leaves the others their turn") {
  Turn turn;
  turn.write(1000);
  turn.io.run();
  turn.io.restart();
  int read = 0, read_before_other = -1;
  asio::co_spawn(turn.io, read_bytes(*turn.connection.client, 100, read), no_exception);
  asio::post(turn.io, [&] { read_before_other = read; });
  turn.io.run();
  CHECK(read == 100);
  CHECK((read_before_other >= 0 && read_before_other < 20));
}
