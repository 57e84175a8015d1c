// One direction of a channel, as far as no leg is needed. Runs in: unit tests.
#include "gateway/ssh/flow.h"

#include <sys/socket.h>

#include "tests/catch.h"

using namespace sallyport;

namespace {

constexpr std::size_t kCapacity = 256 * 1024;

// Both ends of a stream, as of a connection to a target's port.
struct Connection {
  UniqueFd ours, theirs;
};

Connection make_connection() {
  int ends[2];
  REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
  return {UniqueFd{ends[0]}, UniqueFd{ends[1]}};
}

void write_to(const UniqueFd& socket, std::string_view bytes) {
  REQUIRE(send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size()));
}

std::size_t read_all(const UniqueFd& socket) {
  std::size_t all = 0;
  std::string bytes(64 * 1024, '\0');
  for (;;) {
    const auto got = recv(socket.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (got <= 0) return all;
    all += static_cast<std::size_t>(got);
  }
}

}  // namespace

TEST_CASE("a flow takes what it has room for, and its witness sees just that") {
  Flow flow{Stream::data};
  std::size_t seen = 0;
  const auto witness = [&](std::string_view bytes) { seen += bytes.size(); };
  const std::string much(300 * 1024, 'x');
  const auto taken = flow.arrive(much, witness);
  CHECK(taken == 256 * 1024);
  CHECK(seen == taken);
  CHECK_FALSE(flow.drained());
}

TEST_CASE("a discarded flow swallows what still comes, unseen, and is finished") {
  Flow flow{Stream::data};
  flow.arrive("waiting", {});
  flow.discard();
  bool seen = false;
  CHECK(flow.arrive("late", [&](std::string_view) { seen = true; }) == 4);
  CHECK_FALSE(seen);
  CHECK_FALSE(flow.finished());
  flow.end();
  CHECK(flow.finished());
  CHECK(flow.passed() == 0);
}

TEST_CASE("a source that ignores its window is noticed") {
  Flow flow{Stream::data};
  flow.arrive(std::string(2 * 1024 * 1024, 'x'), {});
  CHECK_FALSE(flow.overrun());
  flow.arrive(std::string(9 * 1024 * 1024, 'x'), {});
  CHECK(flow.overrun());
}

TEST_CASE("a flow takes from a socket until nothing is there, and knows its end") {
  auto [ours, theirs] = make_connection();
  Flow flow{Stream::data};
  CHECK_FALSE(flow.fill(ours.get()));
  write_to(theirs, "hello");
  CHECK(flow.fill(ours.get()));
  CHECK(flow.has_bytes());
  CHECK(flow.has_room());
  theirs.reset();
  CHECK(flow.fill(ours.get()));
  CHECK_FALSE(flow.has_room());
  CHECK_FALSE(flow.finished());
}

TEST_CASE("a flow takes no more from a socket than it has room for") {
  auto [ours, theirs] = make_connection();
  Flow flow{Stream::data};
  flow.arrive(std::string(kCapacity - 3, 'x'), {});
  write_to(theirs, "hello");
  CHECK(flow.fill(ours.get()));
  CHECK_FALSE(flow.has_room());
  CHECK_FALSE(flow.fill(ours.get()));
  CHECK(read_all(ours) == 2);
}

TEST_CASE("a flow hands a socket what it takes, counts that, and keeps the rest") {
  auto [ours, theirs] = make_connection();
  const int small = 4096;
  REQUIRE(setsockopt(ours.get(), SOL_SOCKET, SO_SNDBUF, &small, sizeof small) == 0);
  Flow flow{Stream::data};
  flow.arrive(std::string(kCapacity, 'x'), {});
  CHECK(flow.drain(ours.get()));
  CHECK(flow.has_bytes());
  CHECK(flow.passed() < kCapacity);
  CHECK_FALSE(flow.drain(ours.get()));
  std::size_t read = 0;
  while (flow.has_bytes()) {
    read += read_all(theirs);
    flow.drain(ours.get());
  }
  CHECK(read + read_all(theirs) == kCapacity);
  CHECK(flow.passed() == kCapacity);
}

TEST_CASE("a flow to a socket that nobody reads any more is over") {
  auto [ours, theirs] = make_connection();
  Flow flow{Stream::data};
  flow.arrive("waiting", {});
  theirs.reset();
  CHECK(flow.drain(ours.get()));
  CHECK(flow.finished());
  CHECK(flow.passed() == 0);
}

TEST_CASE("a discarded flow takes nothing from a socket") {
  auto [ours, theirs] = make_connection();
  Flow flow{Stream::data};
  write_to(theirs, "hello");
  flow.discard();
  CHECK_FALSE(flow.has_room());
  CHECK_FALSE(flow.fill(ours.get()));
}

TEST_CASE("an editor sees each byte once, also what came before it, and may put others in its place") {
  const Connection connection = make_connection();
  Flow flow{Stream::data};
  flow.arrive("early ", {});
  std::string seen;
  bool replace = true;
  flow.edit_with([&](std::string_view bytes) -> std::optional<std::string> {
    seen += bytes;
    return replace ? std::optional{"<" + std::string{bytes} + ">"} : std::nullopt;
  });
  flow.arrive("late ", {});
  replace = false;
  flow.arrive("as it is", {});
  CHECK(seen == "early late as it is");
  CHECK(flow.drain(connection.ours.get()));
  std::string out(100, '\0');
  out.resize(static_cast<std::size_t>(recv(connection.theirs.get(), out.data(), out.size(), 0)));
  CHECK(out == "<early ><late >as it is");
}

TEST_CASE("an editor that puts nothing in a byte's place takes no room") {
  Flow flow{Stream::data};
  flow.edit_with([](std::string_view) { return std::string{}; });
  const std::string much(kCapacity, 'x');
  CHECK(flow.arrive(much, {}) == kCapacity);
  CHECK(flow.arrive(much, {}) == kCapacity);
  CHECK_FALSE(flow.has_bytes());
}
