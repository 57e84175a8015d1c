// Recorder: one terminal's asciicast v2 onto the append-only descriptor that the monitor gave.
// https://docs.asciinema.org/manual/asciicast/v2/. Runs in: the workers.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "gateway/worker/utf8_stream.h"

namespace sallyport {

struct RecordedTerminal {
  std::string term;
  std::uint32_t columns = 0, rows = 0;
};

enum class RecordInput { no, when_echoed };

// Events gather in memory; flush() hands them to the kernel. Whoever shows output to the rep flushes first
// and ends the session if that fails (I6).
class Recorder {
 public:
  // Writes the header. `limit` in bytes; what would go beyond it is an error.
  static Result<Recorder> start(UniqueFd file, const RecordedTerminal& terminal, std::uint64_t limit,
                                RecordInput input, const Clock& clock);

  void output(std::string_view bytes);
  // Remembered until the next output, and recorded only as far as that output begins with the same bytes:
  // what the terminal does not echo is a password (I9).
  void input(std::string_view bytes);
  void resize(std::uint32_t columns, std::uint32_t rows);
  void marker(std::string_view label);
  // Errors: the write failed or was short, or the limit is reached.
  Done flush();
  // The end of the output: flushes what is left.
  Done finish();

 private:
  Recorder(UniqueFd file, std::uint64_t limit, RecordInput input, const Clock& clock);
  void event(char kind, std::string_view text);
  void record_echo(std::string_view output);

  UniqueFd file_;
  std::uint64_t left_;
  RecordInput input_;
  const Clock* clock_;
  BootTime begun_;
  Utf8Stream output_text_;
  std::string typed_;  // not yet seen echoed
  std::string waiting_;
};

}  // namespace sallyport
