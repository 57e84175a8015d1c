// Runs in: sallyport.
#include "gateway/console/live_view.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>
#include <iostream>

#include "base/escape.h"
#include "gateway/review/values.h"

namespace sallyport {

namespace {

using Json = nlohmann::json;

// How often to look for more: seldom enough to cost nothing, often enough to be called live.
constexpr std::chrono::milliseconds kInterval{40};
constexpr char kCtrlC = '\x03';

// Beside the screen that is shown, so that standard output holds that alone.
void say(const std::string& line) {
  std::fflush(stdout);
  std::cerr << "sallyport: " << escape_terminal(line) << std::endl;
}

std::string reason_of(const Json& record) {
  const auto reason = text_of(record, "reason");
  if (text_of(record, "event") == "session.ended") return reason.empty() ? "no reason was given" : reason;
  return "the target was not reached" + (reason.empty() ? "" : ": " + reason);
}

}  // namespace

Done LiveView::run() {
  auto shown = follow();
  leave_screen();
  if (shown && !ended_.empty()) say(fmt::format("session {} has ended: {}", options_.session, ended_));
  return shown;
}

Done LiveView::follow() {
  RETURN_IF_ERROR(ask(options_.channel));
  for (;;) {
    RETURN_IF_ERROR(hear());
    RETURN_IF_ERROR(show_new());
    const bool behind = recording_ && recording_->is_behind();
    if (!behind && !ended_.empty()) return {};
    if (!behind && channel_over_) RETURN_IF_ERROR(follow_next());
    const auto key = terminal_.wait(behind ? std::chrono::microseconds{0} : kInterval);
    if (key.input == RawTerminal::Input::ended || key.key == 'q' || key.key == kCtrlC) return {};
  }
}

Done LiveView::ask(std::uint32_t channel) {
  Json request{{"ask", "session.watch"}, {"session", options_.session}};
  if (channel != 0) request["channel"] = channel;
  asked_ = true;
  return gate_.send(request);
}

// Every whole line that is there now: replies, and records of this session.
Done LiveView::hear() {
  while (ended_.empty()) {
    const auto line = gate_.next_line(false);
    if (!line && line.error().code() == EAGAIN) return {};
    if (!line) return tl::unexpected{line.error()};
    if (line->contains("ok"))
      RETURN_IF_ERROR(hear_reply(*line));
    else
      hear_record(member(*line, "record"));
  }
  return {};
}

Done LiveView::hear_reply(const Json& reply) {
  if (member(reply, "ok") != true) return fail("{}", escape_terminal(text_of(reply, "refused")));
  asked_ = channel_over_ = false;
  auto recording = gate_.take_descriptor();
  channel_ = number_of(member(reply, "result"), "channel");
  if (!recording) {
    say(fmt::format("session {} has no terminal now; waiting for one (Ctrl-C ends)", options_.session));
    return {};
  }
  say(fmt::format("session {}, channel {}, as it happens (q or Ctrl-C ends)", options_.session, channel_));
  recording_.emplace(std::move(recording));
  return {};
}

void LiveView::hear_record(const Json& record) {
  const auto event = text_of(record, "event");
  if (text_of(record, "session") != options_.session) return;
  if (event == "session.ended" || event == "grant.released") ended_ = reason_of(record);
  if (event == "session.channel_closed" && recording_ && number_of(record, "channel") == channel_)
    channel_over_ = true;
  // What opens while nothing is shown is shown next.
  if (event == "session.channel" && record.contains("recording") && !recording_) channel_over_ = true;
}

Done LiveView::follow_next() {
  if (asked_) return {};
  channel_over_ = false;
  if (recording_) say(fmt::format("channel {} has closed", channel_));
  leave_screen();
  recording_.reset();
  return ask(0);
}

Done LiveView::show_new() {
  if (!recording_) return {};
  const bool is_new = !recording_->has_header();
  ASSIGN_OR_RETURN(const auto cast, recording_->more());
  if (is_new && recording_->has_header()) begin(cast);
  for (const auto& event : cast.events) show(event);
  if (std::fflush(stdout) != 0 || !std::cout.flush()) return fail("nobody reads standard output");
  return {};
}

void LiveView::begin(const Cast& cast) {
  size_told_ = false;
  if (options_.json) {
    std::cout << json_text(cast.header) << "\n";
    return;
  }
  screen_.emplace(options_.raw);
  tell_size(cast.columns, cast.rows);
}

void LiveView::show(const CastEvent& event) {
  if (options_.json) {
    const auto seconds = static_cast<double>(event.at.count()) / 1e6;
    std::cout << json_text({seconds, std::string(1, event.kind), event.data}) << "\n";
    return;
  }
  if (event.kind == 'o') screen_->draw(event.data);
  // The gate's own lines stand on the rep's screen, too.
  if (event.kind == 'm') screen_->draw("\r\nsallyport: " + escape_terminal(event.data) + "\r\n");
  int columns = 0, rows = 0;
  if (event.kind == 'r' && std::sscanf(event.data.c_str(), "%5dx%5d", &columns, &rows) == 2)
    tell_size(columns, rows);
}

void LiveView::tell_size(int columns, int rows) {
  winsize window{};
  if (size_told_ || ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &window) != 0 || window.ws_col == 0) return;
  if (window.ws_col >= columns && window.ws_row >= rows) return;
  size_told_ = true;
  say(fmt::format("the rep's terminal is {}x{}, this one {}x{}: lines may wrap", columns, rows, window.ws_col,
                  window.ws_row));
}

void LiveView::leave_screen() {
  if (screen_) screen_->restore();
  screen_.reset();
}

Done watch_session(ConsoleContext& context, LiveOptions options) {
  ASSIGN_OR_RETURN(auto gate, connect(context));
  ASSIGN_OR_RETURN(auto terminal, RawTerminal::open());
  auto shown = LiveView{std::move(options), std::move(gate), terminal}.run();
  if (!shown && shown.error().code() == ECONNRESET) context.exit_code = exit_code::not_reachable;
  return shown;
}

}  // namespace sallyport
