// Runs in: sallyport.
#include "gateway/console/raw_terminal.h"

#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

namespace sallyport {

Result<RawTerminal> RawTerminal::open() {
  RawTerminal terminal;
  sigset_t ending;
  ::sigemptyset(&ending);
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT}) ::sigaddset(&ending, number);
  if (::sigprocmask(SIG_BLOCK, &ending, &terminal.mask_before_) != 0) return fail_errno("blocking signals");
  terminal.owns_ = true;
  terminal.signals_.reset(::signalfd(-1, &ending, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!terminal.signals_) return fail_errno("watching signals");
  termios now{};
  if (::isatty(STDIN_FILENO) == 0 || ::tcgetattr(STDIN_FILENO, &now) != 0) return terminal;
  terminal.before_ = now;
  terminal.has_keys_ = true;
  now.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO | ISIG | IEXTEN);
  now.c_iflag &= ~static_cast<tcflag_t>(IXON | ICRNL);
  now.c_cc[VMIN] = 1;
  now.c_cc[VTIME] = 0;
  if (::tcsetattr(STDIN_FILENO, TCSANOW, &now) != 0) return fail_errno("setting the terminal");
  return terminal;
}

RawTerminal::RawTerminal(RawTerminal&& other) noexcept
    : owns_(std::exchange(other.owns_, false)),
      before_(std::exchange(other.before_, std::nullopt)),
      has_keys_(other.has_keys_),
      mask_before_(other.mask_before_),
      signals_(std::move(other.signals_)) {}

RawTerminal::~RawTerminal() {
  if (before_) ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &*before_);
  if (!owns_) return;
  // What was pending has been obeyed by ending; unblocked, it must not kill us before we have said why.
  if (signals_) {
    signalfd_siginfo taken{};
    while (::read(signals_.get(), &taken, sizeof taken) > 0) {
    }
  }
  ::sigprocmask(SIG_SETMASK, &mask_before_, nullptr);
}

RawTerminal::Key RawTerminal::wait(std::optional<std::chrono::microseconds> most) {
  pollfd watched[] = {{signals_.get(), POLLIN, 0}, {has_keys_ ? STDIN_FILENO : -1, POLLIN, 0}};
  timespec limit{};
  if (most) {
    const auto left = std::max(*most, std::chrono::microseconds{0});
    limit.tv_sec = left.count() / 1000000;
    limit.tv_nsec = left.count() % 1000000 * 1000;
  }
  if (::ppoll(watched, 2, most ? &limit : nullptr, nullptr) <= 0) return {};
  if (watched[0].revents != 0) return {Input::ended};
  const char key = read_key();
  if (key == '\x04') return {Input::ended};
  return {key == 0 ? Input::none : Input::key, key};
}

// Arrow keys come as ESC [ C: what follows ESC at once, up to its final byte (ECMA-48, section 5.4) and no
// further, because the next key may be there already. End of input reads as Ctrl-D.
char RawTerminal::read_key() {
  char byte = 0;
  const auto got = ::read(STDIN_FILENO, &byte, 1);
  if (got <= 0) return got < 0 && errno == EINTR ? '\0' : '\x04';
  if (byte != '\x1b') return byte;
  constexpr int kLongest = 8;
  for (int place = 0; place < kLongest; ++place) {
    pollfd more{STDIN_FILENO, POLLIN, 0};
    if (::poll(&more, 1, 20) <= 0) return place == 0 ? '\x1b' : '\0';
    if (::read(STDIN_FILENO, &byte, 1) != 1) return '\0';
    if (place == 0) {
      if (byte != '[' && byte != 'O') return '\0';
      continue;
    }
    if (byte >= 0x40) return byte == 'C' ? kRightArrow : byte == 'D' ? kLeftArrow : '\0';
  }
  return '\0';
}

}  // namespace sallyport
