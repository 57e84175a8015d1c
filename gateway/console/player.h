// Player: plays a recording on the terminal, under the viewer's keys. Runs in: sallyport.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "gateway/console/raw_terminal.h"
#include "gateway/console/screen.h"
#include "gateway/review/cast.h"

namespace sallyport {

inline constexpr const char* kPlayerKeys =
    "space pauses, + and - change the speed, / searches, n finds the next, arrows go 10 s on and back, g "
    "goes to a "
    "time, q quits";

// "90s" or "1h2m", or "1:02:03": how far into a recording. Nothing when it is neither.
std::optional<std::chrono::microseconds> place_in_time(std::string_view text);

// Where in the recording something is found again: the text of all output, and which event each part came
// from.
class CastSearch {
 public:
  explicit CastSearch(const Cast& cast);
  // The event that completes the first `needle` which begins behind the output of the first `seen` events.
  std::optional<std::size_t> find(const std::string& needle, std::size_t seen) const;

 private:
  std::string text_;
  std::vector<std::size_t> ends_;  // of each event's text in text_
};

class Player {
 public:
  // `raw` passes every byte of the recording to the terminal. `cast` and `terminal` outlive the player.
  Player(const Cast& cast, RawTerminal& terminal, double speed, bool raw)
      : cast_(cast), terminal_(terminal), speed_(speed), screen_(raw) {}
  // Where play() begins: everything before is drawn at once. At the text, paused; false when it is not there.
  void begin_at(std::chrono::microseconds at) { at_ = at; }
  bool begin_at_text(const std::string& needle);
  // Until the end, q, or a signal; the terminal is then as it was, apart from what was drawn.
  void play();

 private:
  using Microseconds = std::chrono::microseconds;

  bool turn();  // false: stop
  void show_due();
  bool on_key(char key);
  std::optional<std::string> ask(const std::string& what);  // nothing when the viewer thought better of it
  bool ask_needle();
  bool ask_time();
  void search();
  void go_to(Microseconds at);
  void let_time_pass(Microseconds before);
  static Microseconds now();
  void status_line(const std::string& text);

  const Cast& cast_;
  RawTerminal& terminal_;
  double speed_;
  bool paused_ = false;
  std::size_t next_ = 0;  // event
  Microseconds at_{};     // in the recording
  bool gone_ = false;     // the viewer has left while being asked
  std::string needle_;
  std::optional<CastSearch> search_;  // made when first asked for
  Screen screen_;
};

}  // namespace sallyport
