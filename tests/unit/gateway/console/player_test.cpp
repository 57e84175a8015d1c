// The player on a real terminal: its keys, and how it leaves the terminal behind. Runs in: tests.
#include "gateway/console/player.h"

#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>

#include "tests/catch.h"

using namespace sallyport;
using namespace std::chrono_literals;

namespace {

Cast cast_of(std::initializer_list<std::pair<int, const char*>> events) {
  Cast cast;
  for (const auto& [second, text] : events) cast.events.push_back({std::chrono::seconds{second}, 'o', text});
  return cast;
}

// A player on a pseudo-terminal of its own.
class Viewer {
 public:
  // `begin`: what is asked of the player before it plays.
  Viewer(
      const Cast& cast, bool raw = false, const std::function<void(Player&)>& begin = [](Player&) {}) {
    pid_ = ::forkpty(&terminal_, nullptr, nullptr, nullptr);
    if (pid_ == 0) {
      auto keys = RawTerminal::open();
      if (!keys) ::_exit(9);
      Player player{cast, *keys, 1, raw};
      begin(player);
      player.play();
      { const auto restored = std::move(*keys); }
      termios after{};
      ::tcgetattr(0, &after);
      ::_exit((after.c_lflag & (ICANON | ECHO | ISIG)) == (ICANON | ECHO | ISIG) ? 0 : 8);
    }
  }
  ~Viewer() {
    if (pid_ > 0) ::kill(pid_, SIGKILL), ::waitpid(pid_, nullptr, 0);
    ::close(terminal_);
  }
  Viewer(const Viewer&) = delete;
  Viewer& operator=(const Viewer&) = delete;

  void press(const std::string& keys) const { CHECK(::write(terminal_, keys.data(), keys.size()) > 0); }
  void send(int signal) const { ::kill(pid_, signal); }
  bool sees(const std::string& text, std::chrono::milliseconds most = 3s) {
    const auto end = std::chrono::steady_clock::now() + most;
    while (seen_.find(text) == seen_.npos) {
      pollfd ready{terminal_, POLLIN, 0};
      const auto left =
          std::chrono::duration_cast<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
      if (left.count() <= 0 || ::poll(&ready, 1, static_cast<int>(left.count())) <= 0) return false;
      char piece[4096];
      const auto got = ::read(terminal_, piece, sizeof piece);
      if (got <= 0) return false;
      seen_.append(piece, static_cast<std::size_t>(got));
    }
    return true;
  }
  int ended() {
    sees("never shown");  // until the terminal closes
    int status = 0;
    ::waitpid(std::exchange(pid_, -1), &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

 private:
  int terminal_ = -1;
  pid_t pid_ = -1;
  std::string seen_;
};

}  // namespace

TEST_CASE("a recording plays to its end and leaves the terminal as it was") {
  const auto cast = cast_of({{0, "one"}, {0, "\x1b]0;title\a"}, {1, "two\x1b[?1049h"}});
  Viewer viewer{cast};
  CHECK(viewer.sees("two"));
  CHECK(viewer.sees("\x1b[?1049l"));
  CHECK_FALSE(viewer.sees("title", 10ms));
  CHECK(viewer.ended() == 0);
}

TEST_CASE("keys skip, search, find again and quit") {
  const auto cast =
      cast_of({{0, "start"}, {9, "nine"}, {500, "needle in"}, {600, "another needle"}, {9000, "end"}});
  Viewer viewer{cast};
  REQUIRE(viewer.sees("start"));
  viewer.press("\x1b[C");
  CHECK(viewer.sees("nine"));
  viewer.press("/needlex\x7f\r");
  CHECK(viewer.sees("needle in"));
  CHECK(viewer.sees("found: needle"));
  viewer.press("n");
  CHECK(viewer.sees("another needle"));
  viewer.press("/absent\r");
  CHECK(viewer.sees("not found"));
  viewer.press("q");
  CHECK(viewer.ended() == 0);
}

TEST_CASE("a time that is named is gone to, forth and back; back, the screen is drawn anew") {
  const auto cast = cast_of({{0, "start"}, {60, "one minute"}, {3600, "one hour"}, {9000, "end"}});
  Viewer viewer{cast};
  REQUIRE(viewer.sees("start"));
  viewer.press("g1:00:00\r");
  CHECK(viewer.sees("one hour"));
  viewer.press(" gnonsense\r");
  CHECK(viewer.sees("no time: nonsense"));
  viewer.press("g1m\r");
  CHECK(viewer.sees("\x1b[2Jstartone minute"));
  viewer.press("\x1b[Dq");  // together, as from somebody who types ahead
  CHECK(viewer.ended() == 0);
}

TEST_CASE("playing begins at a time or, paused, at a text") {
  const auto cast = cast_of({{0, "start "}, {60, "one minute "}, {3600, "one hour "}, {9000, "end"}});
  const auto is_found = [&cast](std::chrono::seconds at, const std::string& text) {
    constexpr int kFound = 10, kNot = 11;
    Viewer viewer{cast, false, [&](Player& player) {
                    player.begin_at(at);
                    ::_exit(player.begin_at_text(text) ? kFound : kNot);
                  }};
    const int said = viewer.ended();
    CHECK((said == kFound || said == kNot));
    return said == kFound;
  };
  CHECK(is_found(0s, "hour"));
  CHECK(is_found(0s, "minute"));
  CHECK_FALSE(is_found(2h, "minute"));  // before where playing begins
  CHECK(is_found(2h, "end"));
  Viewer paused{cast, false, [](Player& player) { player.begin_at_text("hour"); }};
  CHECK(paused.sees("one hour"));
  CHECK_FALSE(paused.sees("end", 500ms));
}

TEST_CASE("paused nothing moves, and faster is faster") {
  const auto cast = cast_of({{0, "start"}, {1, "one"}, {40, "forty"}});
  Viewer viewer{cast};
  REQUIRE(viewer.sees("start"));
  viewer.press(" ");
  CHECK_FALSE(viewer.sees("one", 1300ms));
  viewer.press(" ++++++");
  CHECK(viewer.sees("forty"));
  CHECK(viewer.ended() == 0);
}

TEST_CASE("a signal, Ctrl-C and the end of the terminal's input restore the terminal") {
  const auto cast = cast_of({{0, "start\x1b[?25l"}, {9000, "end"}});
  Viewer viewer{cast};
  REQUIRE(viewer.sees("start"));
  SECTION("SIGTERM") { viewer.send(SIGTERM); }
  SECTION("SIGINT") { viewer.send(SIGINT); }
  SECTION("Ctrl-C") { viewer.press("\x03"); }
  SECTION("Ctrl-C in a search") { viewer.press("/x\x03"); }
  CHECK(viewer.sees("\x1b[?25h"));
  CHECK(viewer.ended() == 0);
}

TEST_CASE("a search finds what was typed letter by letter and coloured, behind what was seen") {
  const auto cast =
      parse_cast(std::string{"{\"version\": 2, \"width\": 80, \"height\": 24}\n"} +
                 "[1, \"o\", \"l\"]\n[2, \"o\", \"\\u001b[1ms\"]\n[3, \"o\", \"v\"]\n[4, \"o\", \" ls\"]\n")
          .value();
  const CastSearch search{cast};
  CHECK(search.find("lsv", 0) == std::size_t{2});
  CHECK(search.find("ls", 0) == std::size_t{1});
  CHECK(search.find("ls", 2) == std::size_t{3});
  CHECK_FALSE(search.find("ls", 4));
  CHECK_FALSE(search.find("nothing", 0));
  CHECK_FALSE(search.find("", 0));
}

TEST_CASE("a place in a recording is said as a duration or as a clock shows it") {
  CHECK(place_in_time("90s") == 90s);
  CHECK(place_in_time("1h2m") == 1h + 2min);
  CHECK(place_in_time("1:02:03") == 1h + 2min + 3s);
  CHECK(place_in_time("2:30") == 150s);
  for (const auto* wrong : {"", ":", "1:", ":1", "1:2:3:4", "-1:0", "x", "1:999999"})
    CHECK_FALSE(place_in_time(wrong));
}
