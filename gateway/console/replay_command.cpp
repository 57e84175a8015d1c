// Runs in: sallyport.
#include "gateway/console/replay_command.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "base/duration.h"
#include "base/escape.h"
#include "gateway/console/commands.h"
#include "gateway/console/output.h"
#include "gateway/console/player.h"
#include "gateway/console/recording_desk.h"
#include "gateway/console/refusal.h"

namespace sallyport {

namespace {

struct ReplayOptions {
  std::string session;
  std::uint32_t channel = 0;  // 0: the first recorded one
  double speed = 1;
  std::string max_idle, at, search;
  bool raw = false, text = false;
};

void say(const std::string& line) {
  const auto whole = fmt::format("sallyport: {}\n", escape_terminal(line));
  std::fwrite(whole.data(), 1, whole.size(), stderr);
}

Result<std::uint64_t> choose_channel(const ConsoleContext& context, const ReplayOptions& options) {
  const auto channels = recorded_channels(context, options.session);
  if (!channels && channels.error().code() == EACCES)  // perhaps the gate hands it out all the same
    return std::max(options.channel, std::uint32_t{1});
  if (!channels) return tl::unexpected{channels.error()};
  if (channels->empty())
    return fail("there is no recording of session {} ('sallyport audit show {}' tells what it did)",
                options.session, options.session);
  const auto chosen = options.channel == 0 ? channels->front() : options.channel;
  if (std::find(channels->begin(), channels->end(), chosen) == channels->end())
    return fail("session {} has recordings of channel {}, not of {}", options.session,
                fmt::join(*channels, ", "), chosen);
  if (options.channel == 0 && channels->size() > 1)
    say(fmt::format("the session has recordings of channels {}; this is {}", fmt::join(*channels, ", "),
                    chosen));
  return chosen;
}

void print_document(const Cast& cast) {
  auto events = nlohmann::json::array();
  for (const auto& event : cast.events)
    events.push_back({static_cast<double>(event.at.count()) / 1e6, std::string(1, event.kind), event.data});
  print_json({{"header", cast.header}, {"events", std::move(events)}, {"whole", cast.bad_line == 0}});
}

void print_plain(const Cast& cast) {
  TerminalFilter filter{TerminalFilter::Keep::text};
  std::string text;
  for (const auto& event : cast.events)
    if (event.kind == 'o') text += filter.pass(event.data);
  print(text + "\n");
}

void tell_size(const Cast& cast) {
  winsize window{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &window) != 0 || cast.columns == 0) return;
  if (window.ws_col < cast.columns || window.ws_row < cast.rows)
    say(fmt::format("recorded on {}x{}, this terminal is {}x{}: lines may wrap", cast.columns, cast.rows,
                    window.ws_col, window.ws_row));
}

Result<std::chrono::microseconds> parse_at(const std::string& text) {
  if (text.empty()) return std::chrono::microseconds{0};
  if (const auto at = place_in_time(text)) return *at;
  return fail("'{}' is no time within a recording, like 90s, 1h2m or 1:02:03", escape_terminal(text));
}

Done play(const Cast& cast, const ReplayOptions& options) {
  ASSIGN_OR_RETURN(const auto at, parse_at(options.at));
  tell_size(cast);
  if (::isatty(STDIN_FILENO) != 0) say(kPlayerKeys);
  ASSIGN_OR_RETURN(auto terminal, RawTerminal::open());
  Player player{cast, terminal, options.speed, options.raw};
  player.begin_at(at);
  if (!options.search.empty() && !player.begin_at_text(options.search))
    return fail("'{}' is not in the recording from there on", escape_terminal(options.search));
  player.play();
  return {};
}

Done replay(const ConsoleContext& context, const ReplayOptions& options) {
  ASSIGN_OR_RETURN(const auto channel, choose_channel(context, options));
  ASSIGN_OR_RETURN(auto file, RecordingDesk(context, "replay").open(options.session, channel));
  ASSIGN_OR_RETURN(auto cast, read_cast(RecordingBytes{std::move(file)}));
  if (cast.bad_line != 0)
    say(fmt::format("line {} of the recording is not complete; what is before it is shown", cast.bad_line));
  if (!options.max_idle.empty()) {
    ASSIGN_OR_RETURN(const auto most, parse_duration(options.max_idle));
    shorten_pauses(cast, most);
  }
  if (context.json) return print_document(cast), Done{};
  if (options.text) return print_plain(cast), Done{};
  return play(cast, options);
}

}  // namespace

void add_replay_command(const Command& app, ConsoleContext& context) {
  const auto command = app.subcommand("replay", "Play what was seen on a session's terminal");
  auto options = std::make_shared<ReplayOptions>();  // shared with the command's body
  command.heading(group::review);
  command.option("session", options->session, "The session (s-…)").required();
  command.option("channel", options->channel, "Which of its recordings; the first if left out")
      .between(1U, 999999999U);
  command.option("--speed", options->speed, "Times as fast as it was").between(1.0 / 16, 64.0);
  command.option("--max-idle", options->max_idle, "No pause longer than this, e.g. 2s");
  command.option("--at", options->at, "Begin so far into it, e.g. 90s, 1h2m or 1:02:03");
  command.option("--search", options->search, "Begin, paused, where this text appears first");
  const auto raw =
      command.flag("--raw", options->raw, "Pass every byte to the terminal, dangerous sequences too");
  command.flag("--text", options->text, "Print the text without colours and cursor movement").excludes(raw);
  command.footer(
      fmt::format("Keys: {}.\nExample: sallyport replay s-4f8w2c6n --speed 2 --max-idle 2s", kPlayerKeys));
  command.runs([&context, options] {
    if (auto done = replay(context, *options); !done) refuse(context, done.error());
  });
}

}  // namespace sallyport
