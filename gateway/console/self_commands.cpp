// manual and complete: what the program says of itself, for packagers and shells; without a heading, so that
// --help leaves them out. Runs in: sallyport.
#include <algorithm>
#include <memory>

#include "gateway/console/commands.h"
#include "gateway/console/completion.h"
#include "gateway/console/control_client.h"
#include "gateway/console/manual.h"
#include "gateway/console/output.h"
#include "gateway/review/values.h"

namespace sallyport {

namespace {

std::vector<std::string> file_names(const std::filesystem::path& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (std::filesystem::directory_iterator at{folder, error}, end; !error && at != end; at.increment(error))
    if (at->path().extension() == ".toml") names.push_back(at->path().stem());
  return names;
}

// Nobody is told of an error: a shell that completes has no place for it.
std::vector<std::string> members(ConsoleContext& context, const nlohmann::json& question, const char* list,
                                 const char* name) {
  std::vector<std::string> names;
  const auto answer = ask(context, question);
  if (!answer) return names;
  for (const auto& one : member(*answer, list))
    if (auto text = text_of(one, name); !text.empty()) names.push_back(std::move(text));
  return names;
}

std::vector<std::string> known(ConsoleContext& context, Names names) {
  switch (names) {
    case Names::reps:
      return members(context, {{"ask", "rep.list"}}, "reps", "name");
    case Names::targets:
      return members(context, {{"ask", "target.list"}}, "targets", "name");
    case Names::policies:
      return file_names(context.config / "policies");
    case Names::grants: {
      auto found = members(context, {{"ask", "list"}, {"all", false}}, "grants", "id");
      std::ranges::copy(members(context, {{"ask", "list"}, {"all", false}}, "grants", "session"),
                        std::back_inserter(found));
      return found;
    }
    case Names::sessions:
      return members(context, {{"ask", "list"}, {"all", false}}, "grants", "session");
  }
  return {};
}

void add_complete(const CommandLine& program, ConsoleContext& context) {
  const auto words = std::make_shared<std::vector<std::string>>();
  const auto command = program.subcommand("complete", "What can follow these words of a command line");
  command.option("words", *words, "as typed, without the program's name; the last one is not complete");
  command.heading("");
  command.runs([&program, &context, words] {
    auto found = candidates(program.outline(), *words, [&](Names names) { return known(context, names); });
    std::ranges::sort(found, {}, &Candidate::word);
    for (const auto& one : found) print(one.word + "\t" + one.description + "\n");
  });
}

void add_manual(const CommandLine& program) {
  const auto command = program.subcommand("manual", "sallyport(1) in mdoc(7)");
  command.heading("");
  command.runs([&program] { print(manual(program.outline())); });
}

}  // namespace

void add_self_commands(const CommandLine& program, ConsoleContext& context) {
  add_complete(program, context);
  add_manual(program);
}

}  // namespace sallyport
