// Runs in: sallyport-respond (as the representative).
#include "auth/respond/terminal.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <string>

#include "base/escape.h"
#include "base/file.h"
#include "base/unique_fd.h"

namespace sallyport {

namespace {

// Turns the echo off for its lifetime.
class EchoOff {
 public:
  EchoOff(int terminal, Echo echo) : terminal_(terminal) {
    if (echo == Echo::on || tcgetattr(terminal, &before_) != 0) return;
    auto quiet = before_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    quiet.c_lflag |= ECHONL;  // the line end still moves on to the next line
    changed_ = tcsetattr(terminal, TCSAFLUSH, &quiet) == 0;
  }
  EchoOff(const EchoOff&) = delete;
  EchoOff& operator=(const EchoOff&) = delete;
  ~EchoOff() {
    if (changed_) tcsetattr(terminal_, TCSAFLUSH, &before_);
  }
  bool quiet() const { return changed_; }

 private:
  int terminal_;
  bool changed_ = false;
  termios before_{};
};

// While it lives, the signals that would end us with the echo off arrive as bytes on a descriptor instead.
class HeldSignals {
 public:
  HeldSignals() {
    sigset_t held;
    sigemptyset(&held);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP}) sigaddset(&held, signal);
    sigprocmask(SIG_BLOCK, &held, &before_);
    fd_.reset(signalfd(-1, &held, SFD_CLOEXEC));
  }
  HeldSignals(const HeldSignals&) = delete;
  HeldSignals& operator=(const HeldSignals&) = delete;
  ~HeldSignals() {
    // What arrived has been answered by giving up; delivering it again would hide the message of why.
    signalfd_siginfo info;
    pollfd ready{fd_.get(), POLLIN, 0};
    while (poll(&ready, 1, 0) == 1 && ::read(fd_.get(), &info, sizeof info) > 0) continue;
    sigprocmask(SIG_SETMASK, &before_, nullptr);
  }
  int fd() const { return fd_.get(); }

 private:
  sigset_t before_{};
  UniqueFd fd_;
};

Result<Secret> read_line(int terminal, int signals) {
  std::array<pollfd, 2> waiting{pollfd{terminal, POLLIN, 0}, pollfd{signals, POLLIN, 0}};
  while (poll(waiting.data(), waiting.size(), -1) < 0)
    if (errno != EINTR) return fail_errno("waiting for the terminal");
  if (waiting[1].revents != 0) return fail("interrupted");
  std::string line(4096, '\0');  // the longest line that a terminal hands over
  const auto got = ::read(terminal, line.data(), line.size());
  if (got < 0) return fail_errno("reading the terminal");
  line.resize(static_cast<std::size_t>(got));
  auto all = Secret::taking(std::move(line));
  auto text = all.reveal();
  if (text.empty()) return fail("nothing was typed");
  if (text.ends_with('\n')) text.remove_suffix(1);
  return Secret{text};
}

}  // namespace

Result<Secret> ask_on_terminal(std::string_view prompt, Echo echo) {
  const UniqueFd terminal{::open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC)};
  if (!terminal) return fail_errno("there is no terminal to ask on");
  const HeldSignals signals;
  const EchoOff quiet{terminal.get(), echo};
  if (echo == Echo::off && !quiet.quiet()) return fail("the terminal's echo cannot be turned off");
  RETURN_IF_ERROR(write_all(terminal.get(), presentable(prompt)));
  return read_line(terminal.get(), signals.fd());
}

bool show_on_terminal(std::string_view text) {
  const UniqueFd terminal{::open("/dev/tty", O_WRONLY | O_NOCTTY | O_CLOEXEC)};
  return terminal && write_all(terminal.get(), presentable(text) + "\n");
}

bool have_terminal() { return bool{UniqueFd{::open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC)}}; }

// Line ends stay: the host key question of ssh has three lines.
std::string presentable(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const auto end = text.find('\n');
    out += escape_terminal(text.substr(0, end));
    if (end == std::string_view::npos) break;
    out += '\n';
    text.remove_prefix(end + 1);
  }
  return out;
}

}  // namespace sallyport
