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

constexpr bool stands_for_itself(char c) {
  return static_cast<unsigned char>(c) >= 0x20 && c != 0x7F && c != '"' && c != '\\';
}

// RFC 8259 section 7. `text` is valid UTF-8.
void append_json(std::string& line, std::string_view text) {
  line += '"';
  while (!text.empty()) {
    const auto plain = std::ranges::find_if_not(text, stands_for_itself);
    line.append(text.begin(), plain);
    text.remove_prefix(static_cast<std::size_t>(plain - text.begin()));
    if (text.empty()) break;
    if (text[0] == '"' || text[0] == '\\')
      line.append("\\").append(1, text[0]);
    else
      line += fmt::format("\\u{:04x}", static_cast<unsigned>(text[0]));
    text.remove_prefix(1);
  }
  line += '"';
}

std::string valid_utf8(std::string_view bytes) {
  Utf8Stream stream;
  auto text = stream.feed(bytes);
  return text += stream.finish();
}

std::string header(const RecordedTerminal& terminal, WallTime now) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
  auto line =
      fmt::format("{{\"version\": 2, \"width\": {}, \"height\": {}, \"timestamp\": {}, \"env\": {{\"TERM\": ",
                  terminal.columns, terminal.rows, seconds);
  append_json(line, valid_utf8(terminal.term));
  line += "}}\n";
  return line;
}

}  // namespace

Recorder::Recorder(UniqueFd file, const RecordingRules& rules, OutputMask mask, const Clock& clock)
    : file_(std::move(file)),
      left_(rules.limit),
      input_(rules.input),
      clock_(&clock),
      begun_(clock.boot()),
      mask_(std::move(mask)) {}

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
  if (const auto text = output_text_.feed(bytes); !text.empty()) event('o', text);
}

void Recorder::input(std::string_view bytes) {
  if (input_ == RecordInput::when_echoed)
    typed_.append(bytes.substr(0, kTypedLimit - std::min(kTypedLimit, typed_.size())));
}

void Recorder::record_echo(std::string_view output) {
  const auto [end, ignored] = std::ranges::mismatch(typed_, output);
  const std::string echoed{typed_.begin(), end};
  typed_.clear();
  if (!echoed.empty()) event('i', valid_utf8(echoed));
}

void Recorder::resize(std::uint32_t columns, std::uint32_t rows) {
  event('r', fmt::format("{}x{}", columns, rows));
}

void Recorder::marker(std::string_view label) { event('m', valid_utf8(label)); }

void Recorder::event(char kind, std::string_view text) {
  using std::chrono::microseconds;
  const auto elapsed = std::chrono::duration_cast<microseconds>(clock_->boot() - begun_).count();
  const auto second = microseconds{std::chrono::seconds{1}}.count();
  fmt::format_to(std::back_inserter(waiting_), "[{}.{:06}, \"{}\", ", elapsed / second, elapsed % second,
                 kind);
  append_json(waiting_, text);
  waiting_ += "]\n";
}

Done Recorder::flush() {
  if (mask_.overrun())
    return fail("more than {} KiB of one line would be hidden from the recording", OutputMask::kMostHidden / 1024);
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
  if (const auto text = output_text_.finish(); !text.empty()) event('o', text);
  return flush();
}

}  // namespace sallyport
