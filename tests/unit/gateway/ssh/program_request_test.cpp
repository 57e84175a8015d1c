// What a rep may ask for on a channel. Runs in: unit tests.
#include "gateway/ssh/program_request.h"

#include "gateway/ssh/last_words.h"
#include "tests/catch.h"

using namespace sallyport;

TEST_CASE("only the language of the rep's environment is carried") {
  CHECK(may_set("LANG"));
  CHECK(may_set("LC_ALL"));
  for (const char* const name : {"PATH", "LD_PRELOAD", "LANGUAGE", "TERM", "lc_all", "", "XLC_A", "BASH_ENV"})
    CHECK_FALSE(may_set(name));
}

TEST_CASE("sftp is the only subsystem") {
  CHECK(is_known_subsystem("sftp"));
  for (const char* const name : {"netconf", "", "sftp ", "SFTP"}) CHECK_FALSE(is_known_subsystem(name));
}

TEST_CASE("only the standard's signals are carried") {
  CHECK(is_signal_name("INT"));
  CHECK(is_signal_name("USR2"));
  for (const char* const name : {"SIGINT", "", "WINCH", "INFO@openssh.com"})
    CHECK_FALSE(is_signal_name(name));
}

TEST_CASE("the gate's words name it once and stand on lines of their own") {
  CHECK(gate_says("one minute left") == "\r\nsallyport: one minute left\r\n");
  CHECK(gate_says("sallyport: one minute left") == "\r\nsallyport: one minute left\r\n");
}
TEST_CASE("I6: a shell without a terminal is recorded in the usual size") {
  CHECK(is_recorded(ChannelKind::shell, false));
  CHECK(is_recorded(ChannelKind::exec, true));
  CHECK_FALSE(is_recorded(ChannelKind::exec, false));
  CHECK_FALSE(is_recorded(ChannelKind::subsystem, false));
  const auto without = recorded_terminal(std::nullopt);
  CHECK(without.columns == 80);
  CHECK(without.rows == 24);
  const auto with = recorded_terminal(Terminal{"xterm", 132, 43});
  CHECK(with.term == "xterm");
  CHECK(with.columns == 132);
  CHECK(with.rows == 43);
}
