// RawTerminal: keys as they are pressed, without echo, until it is destroyed; and the signals that would end
// the program, so that it ends in order. Runs in: sallyport.
#pragma once

#include <signal.h>
#include <termios.h>

#include <chrono>
#include <optional>

#include "base/result.h"
#include "base/unique_fd.h"

namespace sallyport {

class RawTerminal {
 public:
  // Without a terminal on standard input there are no keys, and only signals are watched.
  static Result<RawTerminal> open();
  RawTerminal(RawTerminal&& other) noexcept;
  RawTerminal& operator=(RawTerminal&&) = delete;
  ~RawTerminal();

  enum class Input { none, key, ended };  // ended: a signal asked us to stop
  struct Key {
    Input input = Input::none;
    char key = 0;  // arrows are kRightArrow and kLeftArrow; Ctrl-C is '\x03'
  };
  static constexpr char kRightArrow = '\x01', kLeftArrow = '\x02';

  // The next key, waiting at most `most`; without a limit if that is empty.
  Key wait(std::optional<std::chrono::microseconds> most);

 private:
  RawTerminal() = default;
  char read_key();

  bool owns_ = false;              // of the signal mask
  std::optional<termios> before_;  // how the terminal was; empty when there is none
  bool has_keys_ = false;
  sigset_t mask_before_{};
  UniqueFd signals_;
};

}  // namespace sallyport
