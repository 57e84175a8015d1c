// Runs in: sallyport.
#include "gateway/console/file_table.h"

#include <fmt/core.h>

#include "gateway/audit/verify.h"
#include "gateway/console/table.h"
#include "gateway/review/selection.h"
#include "gateway/review/values.h"

namespace sallyport {

namespace {

using Json = nlohmann::json;

constexpr std::size_t kShownOfHash = 16;

std::string path_text(const Json& file) {
  const auto path = text_of(file, "path"), name = text_of(file, "name");
  const bool says_it = name.empty() || path == name || path.ends_with("/" + name);
  return says_it ? path : fmt::format("{} (as {})", path, name);
}

Table::Cell hash_cell(const Json& file) {
  const auto hash = text_of(file, "sha256");
  if (hash.empty()) return {text_of(file, "no_sha256"), Color::warning};
  return {hash.substr(0, kShownOfHash) + "…"};
}

}  // namespace

Result<Json> files_of(const std::filesystem::path& state, const std::string& session) {
  Json found = Json::array();
  ASSIGN_OR_RETURN(const auto files, journal_files(journal_folder(state)));
  const auto visit = [&](const RecordView& view, const Place&) -> Done {
    if (view.event != "session.file" || view.line.find(session) == view.line.npos) return {};
    ASSIGN_OR_RETURN(const auto record, take_apart(view.line));
    if (text_field(record, "session") == session) found.push_back(to_json(record));
    return {};
  };
  ASSIGN_OR_RETURN(const auto walked, walk_records(files, visit));
  if (walked.broken) return fail("the journal is broken: {}", walked.broken->message());
  return found;
}

std::string files_text(const Json& files, bool color) {
  Table table{{"DIRECTION", "SIZE", "KIND", "SHA-256", "", "PATH"}, color};
  for (const auto& file : files) {
    const auto kind = text_of(file, "kind");
    const bool complete = member(file, "complete") == true;
    table.add({text_of(file, "direction"),
               size_text(number_of(file, "size")),
               {kind, kind == "unknown" ? Color::warning : Color::none},
               hash_cell(file),
               {complete ? "" : "not complete", Color::warning},
               path_text(file)});
  }
  return painted("Files:", Color::strong, color) + "\n" + table.text();
}

}  // namespace sallyport
