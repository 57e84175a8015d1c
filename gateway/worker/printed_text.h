// PrintedText: tells which bytes of a terminal's output are text that it prints, and which are controls or
// parts of escape sequences (ECMA-48, also with C1 controls as UTF-8). Byte by byte, so that it does not
// matter how the output is cut. Pure. Runs in: the workers.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace sallyport {

class PrintedText {
 public:
  // Where nothing was begun, take() gives back what is plain.
  bool is_ground() const noexcept { return state_ == State::ground && !lead_; }
  static constexpr bool is_plain(char c) noexcept {
    return static_cast<unsigned char>(c) >= 0x20 && c != '\x7f' && c != kC1Lead;
  }
  // What has become printed text with this byte; empty: nothing. A byte that may begin a C1 control comes
  // with the next. Valid until the next call.
  std::string_view take(char c);
  // A line feed. It ends whatever was begun, also where some terminals would go on with a string: text is
  // rather taken for printed than overlooked.
  void end_line() noexcept { state_ = State::ground, lead_ = false; }

 private:
  enum class State : std::uint8_t { ground, escape, intermediate, control, string };
  static constexpr char kC1Lead = '\xc2';

  void begin(unsigned char c1) noexcept;
  std::string_view on_ground(char c);
  void on_escape(char c) noexcept;

  State state_ = State::ground;
  bool lead_ = false;  // kC1Lead came last
  std::array<char, 2> text_{};
};

}  // namespace sallyport
