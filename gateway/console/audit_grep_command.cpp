// audit grep: what was on the terminals, and what was asked for at the HTTPS door. Runs in: sallyport.
#include <fmt/core.h>

#include <iostream>
#include <memory>
#include <set>

#include "base/escape.h"
#include "gateway/console/audit_commands.h"
#include "gateway/console/audit_reading.h"
#include "gateway/console/output.h"
#include "gateway/console/recording_desk.h"
#include "gateway/console/refusal.h"
#include "gateway/review/cast_reader.h"
#include "gateway/review/pattern.h"
#include "gateway/review/terminal_lines.h"
#include "gateway/review/values.h"

namespace sallyport {

namespace {

struct GrepOptions {
  RowOptions rows;
  std::string pattern;
  bool ignore_case = false;
  std::size_t limit = 0;
};

class Grep {
 public:
  Grep(const ConsoleContext& context, Pattern pattern, std::size_t limit)
      : context_(context), desk_(context, "search"), pattern_(std::move(pattern)), limit_(limit) {}

  // One that cannot be read is told, and the others are still looked through.
  void look_through(const GrantRow& row) {
    for (const auto channel : channels_of(row)) {
      if (is_full()) return;
      ++recordings_;
      if (const auto done = look_through(row, channel); !done)
        problems_.push_back(fmt::format("{} {}: {}", row.session, channel, done.error().message()));
    }
  }

  void finish(ConsoleContext& context) const {
    if (context_.json) print(found_ == 0 ? "[]\n" : "\n]\n");
    for (const auto& problem : problems_) refuse_the_rest(context, Error{escape_terminal(problem)});
    if (!context_.json)
      std::cerr << fmt::format("sallyport: {} lines; {} recordings looked through", found_, recordings_)
                << std::endl;
  }

 private:
  // What the journal names, and what lies there: a session may have begun before the records that were read.
  std::set<std::uint64_t> channels_of(const GrantRow& row) const {
    std::set<std::uint64_t> channels;
    for (const auto& recording : row.recordings) channels.insert(recording.channel);
    if (row.session.empty()) return channels;
    if (const auto found = recorded_channels(context_, row.session))
      channels.insert(found->begin(), found->end());
    return channels;
  }

  bool is_full() const { return limit_ > 0 && found_ >= limit_; }

  Done look_through(const GrantRow& row, std::uint64_t channel) {
    ASSIGN_OR_RETURN(auto file, desk_.open(row.session, channel));
    ASSIGN_OR_RETURN(auto reader, CastReader::open(RecordingBytes{std::move(file)}));
    const auto began = number_of(reader.header().header, "timestamp");
    TerminalLines lines{[&](const SeenLine& line) {
      if (!is_full() && pattern_.is_in(line.text)) show(row, channel, began, line);
    }};
    while (!is_full()) {
      ASSIGN_OR_RETURN(const auto event, reader.next());
      if (!event) break;
      lines.take(*event);
    }
    lines.finish();
    return {};
  }

  void show(const GrantRow& row, std::uint64_t channel, std::uint64_t began, const SeenLine& line) {
    const auto first = found_++ == 0;
    const auto time = WallTime{std::chrono::seconds{began}} + line.at;
    if (!context_.json)
      return print(fmt::format("{} {}  {}  {}\n", escape_terminal(row.session), channel, place_text(line.at),
                               escape_terminal(line.text)));
    print((first ? "[\n" : ",\n") + json_text({{"session", row.session},
                                               {"grant", row.grant},
                                               {"rep", row.rep},
                                               {"target", row.target},
                                               {"channel", channel},
                                               {"at", static_cast<double>(line.at.count()) / 1e6},
                                               {"time", to_rfc3339(time)},
                                               {"line", line.text}}));
  }

  const ConsoleContext& context_;
  RecordingDesk desk_;
  Pattern pattern_;
  std::size_t limit_;
  std::size_t found_ = 0, recordings_ = 0;
  std::vector<std::string> problems_;
};

Done grep(ConsoleContext& context, const GrepOptions& options) {
  using enum Pattern::Case;
  ASSIGN_OR_RETURN(auto pattern, Pattern::make(options.pattern, options.ignore_case ? either : as_typed));
  ASSIGN_OR_RETURN(const auto found, find_rows(context, options.rows));
  Grep search{context, std::move(pattern), options.limit};
  for (const auto* row : found.fold.wanted()) search.look_through(*row);
  search.finish(context);
  if (found.broken) refuse_the_rest(context, *found.broken);
  return {};
}

}  // namespace

void add_grep_command(const Command& audit, ConsoleContext& context) {
  const auto command =
      audit.subcommand("grep", "Lines that were on a terminal, or requests at the HTTPS door");
  auto options = std::make_shared<GrepOptions>();  // shared with the command's body
  command.option("pattern", options->pattern, "A regular expression in RE2's syntax").required();
  command.option("--session", options->rows.filter.name, "Only in this session");
  options->rows.add_to(command);
  command.flag("--ignore-case,-i", options->ignore_case, "Upper and lower case are the same");
  command.option("--limit", options->limit, "Not more lines than this");
  command.footer(
      "Each line with its session, channel, and time since the recording began. Each recording that is read "
      "is\n"
      "journaled. Example: sallyport audit grep 'rm +-r' --since 30d --rep kim");
  command.runs([&context, options] {
    if (auto done = grep(context, *options); !done) refuse(context, done.error());
  });
}

}  // namespace sallyport
