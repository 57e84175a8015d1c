// Recorder: one terminal's asciicast v2 onto the append-only descriptor that the monitor gave.
// https://docs.asciinema.org/manual/asciicast/v2/. Runs in: the workers.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "gateway/worker/json_text.h"
#include "gateway/worker/output_mask.h"

namespace sallyport {

struct RecordedTerminal {
  std::string term;
  std::uint32_t columns = 0, rows = 0;
};

enum class RecordInput { no, when_echoed };

// What the policy says of a recording.
struct RecordingRules {
  std::uint64_t limit = 0;  // bytes; what would go beyond it is an error
  RecordInput input = RecordInput::no;
  std::vector<std::string> masked_after{};  // as OutputMask takes them
};

// Events gather in memory; flush() hands them to the kernel. Whoever shows output to the rep flushes first
// and ends the session if that fails (I6).
class Recorder {
 public:
  // Writes the header. Errors: also a rule that cannot be applied.
  static Result<Recorder> start(UniqueFd file, const RecordedTerminal& terminal, const RecordingRules& rules,
                                const Clock& clock);

  void output(std::string_view bytes);
  // Remembered until the next output, and recorded only as far as that output begins with the same bytes:
  // what the terminal does not echo is a password, and what the rules hide is treated as one (I9).
  void input(std::string_view bytes);
  void resize(std::uint32_t columns, std::uint32_t rows);
  void marker(std::string_view label);
  // Errors: the write failed or was short, the limit is reached, or too much of a line was to be hidden.
  Done flush();
  // The end of the output: flushes what is left.
  Done finish();

 private:
  Recorder(UniqueFd file, const RecordingRules& rules, OutputMask mask, const Clock& clock)
      : file_(std::move(file)),
        left_(rules.limit),
        input_(rules.input),
        clock_(&clock),
        begun_(clock.boot()),
        mask_(std::move(mask)) {}
  template <class Write>
  void event(char kind, Write write);
  void whole_event(char kind, std::string_view text);
  void masked_output(std::string_view bytes);
  void text(std::string_view bytes);
  void record_echo(std::string_view output);

  UniqueFd file_;
  std::uint64_t left_;
  RecordInput input_;
  const Clock* clock_;
  BootTime begun_;
  OutputMask mask_;
  JsonText output_text_;
  std::string typed_;  // not yet seen echoed
  std::string waiting_;
};

}  // namespace sallyport
