// TerminalFilter: lets through what draws, and nothing that makes a terminal act, answer or remember.
// A rep's output is replayed on the terminal of somebody with more rights: titles, clipboard writes, device
// queries (whose answers the shell would read as typed) and the like have been used for attacks. What is not
// listed is dropped. Sequences as of ECMA-48 and xterm's ctlseqs. Pure. Runs in: sallyport.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sallyport {

class TerminalFilter {
 public:
  enum class Keep : std::uint8_t {
    drawing,  // text, colours, cursor movement, erasing, scrolling, the alternate screen
    text,     // text, tabs and line ends only
  };
  explicit TerminalFilter(Keep keep) : keep_(keep) {}

  // What of `output` may pass. A sequence may be split over calls; whole UTF-8 characters may not.
  std::string pass(std::string_view output);

 private:
  enum class State : std::uint8_t { ground, escape, charset, control, string, string_escape };

  void on_ground(std::string_view character, std::string& out);
  void on_escape(char c, std::string& out);
  void on_control(char c, std::string& out);
  bool control_draws(char last) const;
  void emit_sequence(char last, std::string& out);

  Keep keep_;
  State state_ = State::ground;
  std::string sequence_;  // what was read of a sequence that is not complete
};

}  // namespace sallyport
