// Runs in: sallyport.
#include "gateway/console/prompt.h"

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include <iostream>

#include "base/file.h"

namespace sallyport {

namespace {

constexpr std::size_t kLongestSecret = 16 * 1024;

// Echo off while it lives.
class NoEcho {
 public:
  explicit NoEcho(int terminal) : terminal_(terminal) {
    if (tcgetattr(terminal_, &before_) != 0) return;
    termios quiet = before_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    is_on_ = tcsetattr(terminal_, TCSAFLUSH, &quiet) == 0;
  }
  NoEcho(const NoEcho&) = delete;
  NoEcho& operator=(const NoEcho&) = delete;
  ~NoEcho() {
    if (is_on_) tcsetattr(terminal_, TCSAFLUSH, &before_);
  }
  bool is_on() const noexcept { return is_on_; }

 private:
  int terminal_;
  termios before_{};
  bool is_on_ = false;
};

// Until the end, the limit, or a newline if only a line is wanted.
Result<Secret> read_from(int fd, bool only_a_line) {
  std::string text;
  char character = 0;
  for (;;) {
    const auto got = ::read(fd, &character, 1);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_errno("reading the secret");
    if (got == 0 || (only_a_line && character == '\n')) break;
    if (text.size() == kLongestSecret) return fail("the secret is longer than {} bytes", kLongestSecret);
    text.push_back(character);
  }
  return Secret::taking(std::move(text));
}

}  // namespace

bool confirm(const std::string& question) {
  std::cerr << question << " [y/N] " << std::flush;
  std::string answer;
  std::getline(std::cin, answer);
  return answer == "y" || answer == "Y" || answer == "yes";
}

Result<Secret> ask_secret(const std::string& question) {
  const UniqueFd terminal{::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)};
  if (!terminal) return fail("there is no terminal to ask for the {} (use --secret-file)", question);
  const NoEcho quiet{terminal.get()};
  if (!quiet.is_on()) return fail("the terminal's echo cannot be switched off (use --secret-file)");
  RETURN_IF_ERROR(write_all(terminal.get(), question + ": "));
  auto secret = read_from(terminal.get(), true);
  RETURN_IF_ERROR(write_all(terminal.get(), "\n"));
  if (secret && secret->empty()) return fail("the {} is empty", question);
  return secret;
}

Result<Secret> read_secret_file(const std::string& path) {
  if (path == "-") return read_from(STDIN_FILENO, false);
  const UniqueFd file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (!file) return fail_errno("opening {}", path);
  return read_from(file.get(), false);
}

}  // namespace sallyport
