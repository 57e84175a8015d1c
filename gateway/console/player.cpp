// Runs in: sallyport.
#include "gateway/console/player.h"

#include <algorithm>
#include <charconv>
#include <cstdio>

#include "base/duration.h"
#include "base/escape.h"

namespace sallyport {

namespace {

constexpr double kSlowest = 1.0 / 16, kFastest = 64;
constexpr std::chrono::seconds kSkip{10};
constexpr char kCtrlC = '\x03', kBackspace = '\x7f', kEscapeKey = '\x1b';

void put(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

}  // namespace

CastSearch::CastSearch(const Cast& cast) {
  TerminalFilter filter{TerminalFilter::Keep::text};
  for (const auto& event : cast.events) {
    if (event.kind == 'o') text_ += filter.pass(event.data);
    ends_.push_back(text_.size());
  }
}

std::optional<std::size_t> CastSearch::find(const std::string& needle, std::size_t seen) const {
  if (needle.empty()) return std::nullopt;
  const auto from = seen == 0 ? 0 : ends_[std::min(seen, ends_.size()) - 1];
  const auto found = text_.find(needle, from);
  if (found == text_.npos) return std::nullopt;
  const auto event = std::lower_bound(ends_.begin(), ends_.end(), found + needle.size());
  return static_cast<std::size_t>(event - ends_.begin());
}

std::optional<std::chrono::microseconds> place_in_time(std::string_view text) {
  if (const auto duration = parse_duration(text)) return *duration;
  std::chrono::seconds sum{0};
  for (int parts = 1; parts <= 3; ++parts) {
    const auto part = text.substr(0, text.find(':'));
    std::uint32_t number = 0;
    const auto [end, code] = std::from_chars(part.data(), part.data() + part.size(), number);
    if (code != std::errc{} || end != part.data() + part.size() || part.size() > 5) return std::nullopt;
    sum = sum * 60 + std::chrono::seconds{number};
    if (part.size() == text.size()) return sum;
    text.remove_prefix(part.size() + 1);
  }
  return std::nullopt;
}

Player::Microseconds Player::now() {
  const auto since_start = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<Microseconds>(since_start);
}

void Player::play() {
  while (turn()) {
  }
  screen_.restore();
}

// Shows what is due, then waits for the next event or a key, whichever comes first.
bool Player::turn() {
  show_due();
  if (next_ == cast_.events.size()) return false;
  const auto started = now();
  std::optional<Microseconds> most;
  if (!paused_)
    most = Microseconds{
        static_cast<std::int64_t>(static_cast<double>((cast_.events[next_].at - at_).count()) / speed_) + 1};
  const auto input = terminal_.wait(most);
  let_time_pass(started);
  if (input.input == RawTerminal::Input::ended) return false;
  return input.input == RawTerminal::Input::none || on_key(input.key);
}

void Player::let_time_pass(Microseconds before) {
  if (paused_) return;
  at_ += Microseconds{static_cast<std::int64_t>(static_cast<double>((now() - before).count()) * speed_)};
}

void Player::show_due() {
  for (; next_ < cast_.events.size() && cast_.events[next_].at <= at_; ++next_)
    if (const auto& event = cast_.events[next_]; event.kind == 'o') screen_.draw(event.data);
  std::fflush(stdout);
}

bool Player::on_key(char key) {
  switch (key) {
    case 'q':
    case kCtrlC:
      return false;
    case ' ':
      paused_ = !paused_;
      return true;
    case '+':
    case '=':
      speed_ = std::min(speed_ * 2, kFastest);
      return true;
    case '-':
    case '_':
      speed_ = std::max(speed_ / 2, kSlowest);
      return true;
    case RawTerminal::kRightArrow:
      go_to(at_ + kSkip);
      return true;
    case RawTerminal::kLeftArrow:
      go_to(at_ - kSkip);
      return true;
    case 'g':
      return ask_time();
    case '/':
      return ask_needle();
    case 'n':
      search();
      return true;
    default:
      return true;
  }
}

// Everything up to there is drawn, so that the screen is as it then was; back, by drawing it anew.
void Player::go_to(Microseconds at) {
  if (at < at_) {
    screen_.clear();
    next_ = 0;
  }
  at_ = std::max(at, Microseconds{0});
  show_due();
}

bool Player::begin_at_text(const std::string& needle) {
  needle_ = needle;
  search_.emplace(cast_);
  const auto behind = std::upper_bound(cast_.events.begin(), cast_.events.end(), at_,
                                       [](Microseconds at, const CastEvent& event) { return at < event.at; });
  const auto seen = at_ == Microseconds{0} ? 0 : static_cast<std::size_t>(behind - cast_.events.begin());
  const auto event = search_->find(needle_, seen);
  if (!event) return false;
  at_ = std::max(at_, cast_.events[*event].at);
  paused_ = true;
  return true;
}

// On the last line of the screen, with the cursor put back: the recording's own screen is disturbed little.
void Player::status_line(const std::string& text) {
  put("\x1b"
      "7\x1b[999;1H\x1b[0;7m\x1b[K" +
      escape_terminal(text) +
      "\x1b[0m\x1b"
      "8");
}

std::optional<std::string> Player::ask(const std::string& what) {
  std::string typed;
  while (true) {
    status_line(what + ": " + typed);
    const auto input = terminal_.wait(std::nullopt);
    gone_ = input.input == RawTerminal::Input::ended || input.key == kCtrlC;
    if (gone_) return std::nullopt;
    if (input.input == RawTerminal::Input::none) continue;
    if (input.key == kEscapeKey) break;
    if (input.key == '\r' || input.key == '\n') return typed;
    if (input.key == kBackspace || input.key == '\b') {
      if (!typed.empty()) typed.pop_back();
    } else if (static_cast<unsigned char>(input.key) >= 0x20) {
      typed += input.key;
    }
  }
  status_line("");
  return std::nullopt;
}

bool Player::ask_needle() {
  if (const auto typed = ask("search")) {
    needle_ = *typed;
    search();
  }
  return !gone_;
}

bool Player::ask_time() {
  if (const auto typed = ask("go to (90s, 1h2m, 1:02:03)")) {
    status_line("");
    if (const auto at = place_in_time(*typed))
      go_to(*at);
    else
      status_line("no time: " + *typed);
  }
  return !gone_;
}

// Pauses where it was found, so that it can be read.
void Player::search() {
  status_line("");
  if (!search_) search_.emplace(cast_);
  const auto event = search_->find(needle_, next_);
  if (!event) return status_line("not found from here on: " + needle_);
  go_to(std::max(at_, cast_.events[*event].at));
  paused_ = true;
  status_line("found: " + needle_ + "   (space plays on, n finds the next)");
}

}  // namespace sallyport
