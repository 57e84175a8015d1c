// The recv() and poll() that libssh is given: the same bytes, ends and errors as the kernel's. Runs in: unit
// tests.
#include "gateway/ssh/big_reads.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <random>
#include <string>

#include "base/unique_fd.h"
#include "tests/catch.h"

using namespace sallyport;

namespace {

struct Pair {
  Pair() {
    int ends[2];
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) == 0);
    near.reset(ends[0]);
    far.reset(ends[1]);
  }
  void send(std::string_view bytes) {
    REQUIRE(::send(far.get(), bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()));
  }
  UniqueFd near, far;
};

std::string random_bytes(std::size_t size) {
  std::mt19937 random{7};
  std::string bytes(size, '\0');
  for (auto& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

// As libssh asks.
ssize_t take(int socket, std::string& into, std::size_t most = 4096) {
  std::string piece(most, '\0');
  const auto got = recv(socket, piece.data(), piece.size(), 0);
  if (got > 0) into.append(piece, 0, static_cast<std::size_t>(got));
  return got;
}

int ready(int socket, short events, short* seen = nullptr) {
  pollfd one{socket, events, 0};
  const int found = poll(&one, 1, 0);
  if (seen != nullptr) *seen = one.revents;
  return found;
}

}  // namespace

TEST_CASE("bytes come in order whatever is asked for, and one system call serves many") {
  Pair pair;
  const BigReads reads{pair.near.get()};
  const auto sent = random_bytes(100'000);
  pair.send(sent);
  std::string got;
  REQUIRE(take(pair.near.get(), got) == 4096);
  CHECK(BigReads::kept(pair.near.get()) == sent.size() - 4096);
  for (std::size_t most = 1; got.size() < sent.size(); most = most % 5000 + 7)
    REQUIRE(take(pair.near.get(), got, most) > 0);
  CHECK(got == sent);
  CHECK(take(pair.near.get(), got) == -1);
  CHECK(errno == EAGAIN);
}

TEST_CASE("an end comes after what was kept") {
  Pair pair;
  const BigReads reads{pair.near.get()};
  pair.send(random_bytes(10'000));
  pair.far.reset();
  std::string got;
  while (take(pair.near.get(), got) > 0) continue;
  CHECK(got == random_bytes(10'000));
  CHECK(take(pair.near.get(), got) == 0);
  CHECK(take(pair.near.get(), got) == 0);
}

TEST_CASE("poll tells of what is kept, and asks the kernel about the rest") {
  Pair pair, other;
  const BigReads reads{pair.near.get()};
  CHECK(ready(pair.near.get(), POLLIN) == 0);
  pair.send(random_bytes(6000));
  std::string got;
  REQUIRE(take(pair.near.get(), got) == 4096);
  short seen = 0;
  CHECK(ready(pair.near.get(), POLLIN, &seen) == 1);
  CHECK(seen == POLLIN);
  CHECK(ready(pair.near.get(), POLLIN | POLLOUT, &seen) == 1);
  CHECK(seen == POLLIN);  // of the rest when nothing is kept any more
  CHECK(ready(pair.near.get(), POLLOUT, &seen) == 1);
  CHECK(seen == POLLOUT);

  other.send("x");
  pollfd three[] = {{pair.near.get(), POLLIN, 0}, {other.near.get(), POLLIN, 0}, {-1, POLLIN, 7}};
  CHECK(poll(three, 3, -1) == 2);
  CHECK((three[0].revents == POLLIN && three[1].revents == POLLIN && three[2].revents == 0));

  REQUIRE(take(pair.near.get(), got) == 6000 - 4096);
  CHECK(ready(pair.near.get(), POLLIN) == 0);
  CHECK(ready(pair.near.get(), POLLIN | POLLOUT, &seen) == 1);
  CHECK(seen == POLLOUT);
  pair.far.reset();
  CHECK(ready(pair.near.get(), POLLIN, &seen) == 1);
  CHECK((seen & POLLHUP) != 0);
}

TEST_CASE("poll waits as long as it is told when nothing is kept") {
  Pair pair;
  const BigReads reads{pair.near.get()};
  pollfd one{pair.near.get(), POLLIN, 0};
  CHECK(poll(&one, 1, 20) == 0);
  pair.send("x");
  CHECK(poll(&one, 1, 10'000) == 1);
}

TEST_CASE("other sockets and other flags are the kernel's alone") {
  Pair pair;
  pair.send(random_bytes(6000));
  std::string got;
  REQUIRE(take(pair.near.get(), got) == 4096);
  CHECK(BigReads::kept(pair.near.get()) == 0);
  {
    const BigReads reads{pair.near.get()};
    char first = 0;
    REQUIRE(recv(pair.near.get(), &first, 1, MSG_PEEK) == 1);
    CHECK(BigReads::kept(pair.near.get()) == 0);
  }
  REQUIRE(take(pair.near.get(), got) == 6000 - 4096);
  CHECK(got == random_bytes(6000));
}

TEST_CASE("a moved reader stays, a destroyed one is forgotten with what it kept") {
  Pair pair, other;
  {
    BigReads first{pair.near.get()};
    const BigReads second{std::move(first)};
    pair.send(random_bytes(6000));
    std::string got;
    REQUIRE(take(pair.near.get(), got) == 4096);
    CHECK(BigReads::kept(pair.near.get()) > 0);
  }
  CHECK(BigReads::kept(pair.near.get()) == 0);
  const BigReads one{pair.near.get()}, two{other.near.get()};
}

TEST_CASE("a held send takes nothing once; after that, and without one, all is the kernel's") {
  Pair pair, other;
  const BigReads reads{pair.near.get()};
  {
    const OneSend together{pair.near.get()};
    CHECK(send(other.near.get(), "abc", 3, MSG_NOSIGNAL) == 3);
    CHECK(send(pair.near.get(), "abc", 3, MSG_NOSIGNAL) == 0);
    CHECK(send(pair.near.get(), "abcdef", 6, MSG_NOSIGNAL) == 6);
  }
  { const OneSend unused{pair.near.get()}; }
  CHECK(send(pair.near.get(), "ghi", 3, MSG_NOSIGNAL) == 3);
  std::string got;
  REQUIRE(take(pair.far.get(), got) == 9);
  CHECK(got == "abcdefghi");
}
