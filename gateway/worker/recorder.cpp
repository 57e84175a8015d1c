// Runs in: the workers.
#include "gateway/worker/recorder.h"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>

namespace sallyport {

namespace {

// More typing than this before any output is a paste; its echo comes in pieces and is in the output anyway.
constexpr std::size_t kTypedLimit = 1024;

void append_whole(std::string& to, std::string_view text) {
  JsonText inside;
  inside.feed(text, to);
  inside.finish(to);
}

std::string header(const RecordedTerminal& terminal, WallTime now) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
  auto line = fmt::format(
      "{{\"version\": 2, \"width\": {}, \"height\": {}, \"timestamp\": {}, \"env\": {{\"TERM\": \"",
      terminal.columns, terminal.rows, seconds);
  append_whole(line, terminal.term);
  line += "\"}}\n";
  return line;
}

}  // namespace

Result<Recorder> Recorder::start(UniqueFd file, const RecordedTerminal& terminal, const RecordingRules& rules,
                                 const Clock& clock) {
  ASSIGN_OR_RETURN(auto mask, OutputMask::create(rules.masked_after));
  Recorder recorder{std::move(file), rules, std::move(mask), clock};
  recorder.waiting_ = header(terminal, clock.wall());
  RETURN_IF_ERROR(recorder.flush());
  return recorder;
}

void Recorder::output(std::string_view bytes) {
  if (!mask_.is_empty()) return masked_output(bytes);
  record_echo(bytes);
  text(bytes);
}

void Recorder::masked_output(std::string_view bytes) {
  const auto shown = mask_.pass(bytes);
  if (mask_.has_hidden()) typed_.clear();
  record_echo(bytes);
  text(shown);
  if (!mask_.begun_by().empty()) marker(fmt::format("masked after \"{}\"", mask_.begun_by()));
}

void Recorder::text(std::string_view bytes) {
  event('o', [&](std::string& to) { output_text_.feed(bytes, to); });
}

void Recorder::input(std::string_view bytes) {
  if (input_ == RecordInput::when_echoed)
    typed_.append(bytes.substr(0, kTypedLimit - std::min(kTypedLimit, typed_.size())));
}

void Recorder::record_echo(std::string_view output) {
  const auto [end, ignored] = std::ranges::mismatch(typed_, output);
  const std::string echoed{typed_.begin(), end};
  typed_.clear();
  if (!echoed.empty()) whole_event('i', echoed);
}

void Recorder::resize(std::uint32_t columns, std::uint32_t rows) {
  whole_event('r', fmt::format("{}x{}", columns, rows));
}

void Recorder::marker(std::string_view label) { whole_event('m', label); }

// `write` appends the text as the inside of a JSON string. An event without text is none: the beginning of a
// character waits for its end.
template <class Write>
void Recorder::event(char kind, Write write) {
  using std::chrono::microseconds;
  const auto before = waiting_.size();
  const auto elapsed = std::chrono::duration_cast<microseconds>(clock_->boot() - begun_).count();
  const auto second = microseconds{std::chrono::seconds{1}}.count();
  fmt::format_to(std::back_inserter(waiting_), "[{}.{:06}, \"{}\", \"", elapsed / second, elapsed % second,
                 kind);
  const auto empty = waiting_.size();
  write(waiting_);
  if (waiting_.size() == empty)
    waiting_.resize(before);
  else
    waiting_ += "\"]\n";
}

void Recorder::whole_event(char kind, std::string_view text) {
  event(kind, [&](std::string& to) { append_whole(to, text); });
}

Done Recorder::flush() {
  if (mask_.overrun())
    return fail("more than {} KiB of one line would be hidden from the recording",
                OutputMask::kMostHidden / 1024);
  while (!waiting_.empty()) {
    if (waiting_.size() > left_) return fail("the recording has reached its limit");
    const auto written = ::write(file_.get(), waiting_.data(), waiting_.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return fail_errno("writing the recording");
    left_ -= static_cast<std::uint64_t>(written);
    // A short write to a file means a full disk; going on could leave a line cut in the middle.
    if (static_cast<std::size_t>(written) != waiting_.size())
      return fail("writing the recording: short write");
    waiting_.clear();
  }
  return {};
}

Done Recorder::finish() {
  event('o', [&](std::string& to) { output_text_.finish(to); });
  return flush();
}

}  // namespace sallyport
