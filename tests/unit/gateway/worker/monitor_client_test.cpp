// What a worker asks without waiting, and answers that come while it waits for others. Runs in: unit tests.
#include "gateway/worker/monitor_client.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/catch.h"

using namespace sallyport;

namespace {

constexpr Incarnation kLife = 7;

struct Ends {
  Channel monitor;
  MonitorClient client;
  void answer(Answer answer, int descriptor = -1) {
    REQUIRE(monitor.send(encode(kLife, answer), descriptor));
  }
};

Ends make_ends() {
  auto ends = Channel::make_pair();
  REQUIRE(ends);
  return {std::move(ends->first), MonitorClient{std::move(ends->second), kLife}};
}

UniqueFd some_descriptor() { return UniqueFd{open("/dev/null", O_RDONLY | O_CLOEXEC)}; }

// Whether a process that hears the monitor leaves at that.
bool leaves(MonitorClient& client) {
  constexpr int kStayed = 9;
  const pid_t child = fork();
  if (child == 0) {
    client.hear();
    _exit(kStayed);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  return WIFEXITED(status) && WEXITSTATUS(status) != kStayed;
}

}  // namespace

TEST_CASE("a way through SSH is asked for without waiting, and its answer taken once") {
  auto ends = make_ends();
  const auto token = ends.client.ask_direct("localhost", 443);
  REQUIRE(token);
  CHECK_FALSE(ends.client.take_direct(*token));
  const auto socket = some_descriptor();
  ends.answer(DirectGranted{*token, 5}, socket.get());
  ends.client.hear();
  const auto answer = ends.client.take_direct(*token);
  REQUIRE(answer);
  REQUIRE(*answer);
  CHECK((*answer)->channel == 5);
  CHECK((*answer)->socket);
  CHECK_FALSE(ends.client.take_direct(*token));
}

TEST_CASE("answers come in any order, each to its own question") {
  auto ends = make_ends();
  const auto first = ends.client.ask_direct("localhost", 443),
             second = ends.client.ask_direct("localhost", 80);
  REQUIRE((first && second && *first != *second));
  ends.answer(DirectRefused{*second, "port 80 is not granted inside SSH"});
  ends.client.hear();
  CHECK_FALSE(ends.client.take_direct(*first));
  const auto refused = ends.client.take_direct(*second);
  REQUIRE(refused);
  REQUIRE_FALSE(*refused);
  CHECK(refused->error().message() == "port 80 is not granted inside SSH");
}

TEST_CASE("an answer that comes while another question is open is kept") {
  auto ends = make_ends();
  const auto token = ends.client.ask_direct("localhost", 443);
  REQUIRE(token);
  const auto socket = some_descriptor();
  ends.answer(DirectGranted{*token, 1}, socket.get());
  ends.answer(ChannelGranted{2, false, 0});
  const auto channel = ends.client.ask_channel({ChannelKind::exec, false, "", 0, 0, "lshmc -V"});
  REQUIRE(channel);
  CHECK(channel->facts.channel == 2);
  CHECK(ends.client.take_direct(*token));
}

TEST_CASE("nothing is asked for a name that does not fit, nor after the end") {
  auto ends = make_ends();
  CHECK_FALSE(ends.client.ask_direct(std::string(limit::host + 1, 'x'), 443));
  ends.answer(End{"the session has ended"});
  ends.client.hear();
  CHECK_FALSE(ends.client.ask_direct("localhost", 443));
  const auto heard = ends.monitor.receive();
  REQUIRE_FALSE(heard);
  CHECK(heard.error().code() == EAGAIN);
}

TEST_CASE("a worker that hears an answer it did not ask for leaves") {
  auto ends = make_ends();
  const auto token = ends.client.ask_direct("localhost", 443);
  REQUIRE(token);
  SECTION("another token") { ends.answer(DirectRefused{*token + 1, "no"}); }
  SECTION("a second answer") {
    ends.answer(DirectRefused{*token, "no"});
    ends.client.hear();
    ends.answer(DirectRefused{*token, "no"});
  }
  SECTION("leave without a socket") { ends.answer(DirectGranted{*token, 1}); }
  CHECK(leaves(ends.client));
}

TEST_CASE("a hold is in force as soon as it is heard, and is said like a warning") {
  auto ends = make_ends();
  CHECK_FALSE(ends.client.holds_rep());
  ends.answer(Hold{true, "alice has paused this session"});
  ends.client.hear();
  CHECK(ends.client.holds_rep());
  CHECK(ends.client.take_warning() == "alice has paused this session");
  ends.answer(Hold{false, "alice lets this session go on"});
  ends.client.hear();
  CHECK_FALSE(ends.client.holds_rep());
  CHECK(ends.client.take_warning() == "alice lets this session go on");
  CHECK_FALSE(ends.client.take_warning());
}

TEST_CASE("a hold that comes while a question is open is in force before its answer") {
  auto ends = make_ends();
  ends.answer(Hold{true, "alice has paused this session"});
  ends.answer(Refused{"alice has paused this session; try again when it goes on"});
  const auto channel = ends.client.ask_channel({ChannelKind::exec, false, "", 0, 0, "lshmc -V"});
  REQUIRE_FALSE(channel);
  CHECK(channel.error().message() == "alice has paused this session; try again when it goes on");
  CHECK(ends.client.holds_rep());
}

TEST_CASE("more connections of the source address come unasked, each once, also while a question is open") {
  auto ends = make_ends();
  const auto socket = some_descriptor();
  ends.answer(AnotherConnection{}, socket.get());
  ends.client.hear();
  ends.answer(AnotherConnection{}, socket.get());
  ends.answer(Challenge{"Challenge X: "});
  REQUIRE(ends.client.ask_password("kim", Secret{std::string_view{"pw"}}));
  CHECK(ends.client.take_connection());
  CHECK(ends.client.take_connection());
  CHECK_FALSE(ends.client.take_connection());
}

TEST_CASE("a worker that has made its channel non-blocking loses no word when the monitor is slow to read") {
  auto ends = make_ends();
  REQUIRE(fcntl(ends.client.fd(), F_SETFL, O_NONBLOCK) == 0);
  constexpr int kWords = 5000;
  const pid_t child = fork();
  if (child == 0) {
    for (int i = 0; i < kWords; ++i) ends.client.tell_activity(static_cast<std::uint64_t>(i), 0);
    _exit(0);
  }
  for (int heard = 0; heard < kWords; ++heard) {
    const auto frame = ends.monitor.receive_within(5000);
    REQUIRE(frame);
    const auto told = decode_ask(kLife, frame->bytes.reveal());
    REQUIRE(told);
    CHECK(std::get<TellActivity>(*told).to_target == static_cast<std::uint64_t>(heard));
  }
  REQUIRE(waitpid(child, nullptr, 0) == child);
}
