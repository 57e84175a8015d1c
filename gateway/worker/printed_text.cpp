// Runs in: the workers.
#include "gateway/worker/printed_text.h"

#include <utility>

namespace sallyport {

namespace {

constexpr char kEscape = '\x1b', kBell = '\a', kCancel = '\x18', kSubstitute = '\x1a';

constexpr bool is_c1(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x80 && byte < 0xa0;
}
constexpr bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == '\x7f'; }
constexpr bool is_between(char c, char low, char high) { return c >= low && c <= high; }

}  // namespace

std::string_view PrintedText::take(char c) {
  if (std::exchange(lead_, false)) {
    if (is_c1(c)) {
      begin(static_cast<unsigned char>(c));
      return {};
    }
    if (state_ == State::ground && c != kC1Lead && !is_control(c)) {
      text_ = {kC1Lead, c};
      return {text_.data(), 2};
    }
  }
  if (c == kC1Lead) {
    lead_ = true;
    return {};
  }
  if (c == kEscape) {
    state_ = State::escape;  // also ends a string
  } else if (c == kCancel || c == kSubstitute) {
    state_ = State::ground;
  } else if (state_ == State::ground) {
    return on_ground(c);
  } else if (state_ == State::string) {
    if (c == kBell) state_ = State::ground;
  } else if (!is_control(c)) {  // a control inside a sequence is obeyed, and the sequence goes on
    on_escape(c);
  }
  return {};
}

std::string_view PrintedText::on_ground(char c) {
  if (is_control(c)) return {};
  text_[0] = c;
  return {text_.data(), 1};
}

void PrintedText::on_escape(char c) noexcept {
  if (state_ == State::control) {
    if (is_between(c, '\x40', '\x7e')) state_ = State::ground;
  } else if (is_between(c, '\x20', '\x2f')) {
    state_ = State::intermediate;
  } else if (state_ == State::escape && is_between(c, '\x40', '\x5f')) {
    begin(static_cast<unsigned char>(c + 0x40));  // ECMA-48, 5.3: ESC and these are the C1 controls
  } else {
    state_ = State::ground;
  }
}

void PrintedText::begin(unsigned char c1) noexcept {
  switch (c1) {
    case 0x9b:  // CSI
      state_ = State::control;
      return;
    case 0x90:  // DCS, SOS, OSC, PM, APC
    case 0x98:
    case 0x9d:
    case 0x9e:
    case 0x9f:
      state_ = State::string;
      return;
    default:  // the end of a string among them
      state_ = State::ground;
  }
}

}  // namespace sallyport
