// Runs in: sallyportd, sallyport.
#include "gateway/audit/segment.h"

#include <algorithm>
#include <charconv>

#include "base/encoding.h"
#include "gateway/audit/line_scan.h"

namespace sallyport {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kShape = "journal-dddddddd.jsonl";
constexpr std::size_t kDigitsAt = kShape.find('d'), kDigits = 8;

Result<std::uint64_t> number_in(const Record& record, const char* key) {
  const auto found = record.fields.find(key);
  if (found == record.fields.end() || !found->is_number_unsigned())
    return fail("record {} ({}) has no usable field '{}'", record.seq, record.event, key);
  return found->get<std::uint64_t>();
}

}  // namespace

Entry segment_entry(const SegmentOpening& opening) {
  auto tree = nlohmann::json::array();
  for (const auto& node : opening.tree.nodes()) tree.push_back(to_hex(bytes_of(node)));
  Entry entry{std::string{kSegmentEvent},
              {{"segment", opening.number}, {"carried", opening.carried}, {"tree", std::move(tree)}}};
  if (!opening.latest.empty()) entry.fields["latest"] = opening.latest;
  return entry;
}

Result<SegmentOpening> segment_opening(const Record& record) {
  if (record.event != kSegmentEvent || record.seq == 0) return fail("it does not open a segment");
  SegmentOpening opening;
  ASSIGN_OR_RETURN(opening.number, number_in(record, "segment"));
  ASSIGN_OR_RETURN(opening.carried, number_in(record, "carried"));
  const auto latest = record.fields.find("latest");
  if (latest != record.fields.end() && latest->is_string()) opening.latest = latest->get<std::string>();
  const auto tree = record.fields.find("tree");
  if (tree == record.fields.end() || !tree->is_array()) return fail("its 'tree' is no list");
  std::vector<Digest> nodes;
  for (const auto& node : *tree) {
    const auto text = node.is_string() ? node.get<std::string>() : std::string{};
    if (text.size() != 64 || text.find_first_not_of("0123456789abcdef") != text.npos)
      return fail("its 'tree' holds something that is no SHA-256");
    nodes.push_back(digest_from_hex(text));
  }
  auto frontier = Frontier::from(record.seq - 1, std::move(nodes));
  if (!frontier) return fail("its 'tree' cannot be that of {} records", record.seq - 1);
  opening.tree = *std::move(frontier);
  return opening;
}

std::string segment_name(std::uint64_t number) { return fmt::format("journal-{:08}.jsonl", number); }

std::optional<std::uint64_t> segment_number(const fs::path& file) {
  const auto name = file.filename().string();
  std::uint64_t number = 0;
  if (name.size() != kShape.size()) return std::nullopt;
  const auto digits = std::string_view{name}.substr(kDigitsAt, kDigits);
  const auto [end, code] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (code != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  if (name != segment_name(number)) return std::nullopt;
  return number;
}

Result<std::vector<fs::path>> journal_files(const fs::path& folder_or_file) {
  std::error_code code;
  if (fs::is_regular_file(folder_or_file, code)) return std::vector{folder_or_file};
  std::vector<fs::path> files;
  fs::directory_iterator entries{folder_or_file, code};
  for (; !code && entries != fs::directory_iterator{}; entries.increment(code))
    if (segment_number(entries->path())) files.push_back(entries->path());
  if (code) return tl::unexpected{Error{"reading folder " + folder_or_file.string(), code.value()}};
  std::sort(files.begin(), files.end());
  return files;
}

fs::path journal_folder(const fs::path& state) { return state / "journal"; }

}  // namespace sallyport
