// Runs in: sallyportd, sallyport.
#include "policies/table_reader.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <numeric>

#include "base/duration.h"
#include "base/escape.h"

namespace sallyport {

namespace {

// Edit distance (Levenshtein), for "did you mean"; keys are short.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, diagonal + 1});
    }
  }
  return row.back();
}

struct SizeUnit {
  std::string_view suffix;
  std::uint64_t bytes;
};
constexpr SizeUnit kSizeUnits[] = {
    {"KiB", 1ULL << 10}, {"MiB", 1ULL << 20}, {"GiB", 1ULL << 30}, {"TiB", 1ULL << 40}};

Result<std::uint64_t> parse_size(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const auto suffix = text.substr(static_cast<std::size_t>(end - text.data()));
  for (const auto& unit : kSizeUnits)
    if (error == std::errc{} && suffix == unit.suffix &&
        number <= std::numeric_limits<std::uint64_t>::max() / unit.bytes)
      return number * unit.bytes;
  return fail("'{}' is not a size (expected e.g. \"64MiB\" or \"1GiB\")", text);
}

std::string size_text(std::uint64_t bytes) {
  for (std::size_t i = std::size(kSizeUnits); i-- > 0;)
    if (bytes % kSizeUnits[i].bytes == 0)
      return fmt::format("{}{}", bytes / kSizeUnits[i].bytes, kSizeUnits[i].suffix);
  return fmt::format("{} bytes", bytes);
}

const TomlTable& nothing() {
  static const TomlTable empty;
  return empty;
}

}  // namespace

std::string TableReader::text(std::string_view key, std::string_view usual, std::size_t longest) {
  const auto* text = text_at(key, "a text in quotes");
  return text == nullptr ? std::string{usual} : bounded(key, *text, longest);
}

std::string TableReader::required_text(std::string_view key, std::string_view example, std::size_t longest) {
  if (find(key) == nullptr) {
    missing(key, example);
    return {};
  }
  const auto* text = text_at(key, "a text in quotes");
  if (text != nullptr && text->empty())
    problem(line_of(key), fmt::format("{} is empty (expected {})", said(key), example));
  return text == nullptr ? std::string{} : bounded(key, *text, longest);
}

bool TableReader::boolean(std::string_view key, bool usual) {
  const auto* member = find(key);
  if (member == nullptr) return usual;
  if (const auto* flag = std::get_if<bool>(&member->node.value)) return *flag;
  wrong_kind(*member, "true or false");
  return usual;
}

std::int64_t TableReader::number(std::string_view key, std::int64_t usual, std::int64_t least,
                                 std::int64_t most) {
  const auto* member = find(key);
  if (member == nullptr) return usual;
  const auto* number = std::get_if<std::int64_t>(&member->node.value);
  if (number == nullptr)
    wrong_kind(*member, fmt::format("a number from {} to {}", least, most));
  else if (*number < least || *number > most)
    problem(member->line, fmt::format("{} is {} (expected {} to {})", said(key), *number, least, most));
  else
    return *number;
  return usual;
}

std::chrono::seconds TableReader::duration(std::string_view key, std::chrono::seconds usual,
                                           std::chrono::seconds least, std::chrono::seconds most) {
  const auto* text = text_at(key, "a duration in quotes, e.g. \"30m\"");
  if (text == nullptr) return usual;
  const auto value = parse_duration(*text);
  if (!value)
    problem(line_of(key), fmt::format("{}: {}", said(key), value.error().message()));
  else if (*value < least || *value > most)
    problem(line_of(key),
            fmt::format("{} is {} (expected {} to {})", said(key), *text, to_text(least), to_text(most)));
  else
    return *value;
  return usual;
}

std::uint64_t TableReader::size(std::string_view key, std::uint64_t usual, std::uint64_t least,
                                std::uint64_t most) {
  const auto* text = text_at(key, "a size in quotes, e.g. \"1GiB\"");
  if (text == nullptr) return usual;
  const auto value = parse_size(*text);
  if (!value)
    problem(line_of(key), fmt::format("{}: {}", said(key), value.error().message()));
  else if (*value < least || *value > most)
    problem(line_of(key),
            fmt::format("{} is {} (expected {} to {})", said(key), *text, size_text(least), size_text(most)));
  else
    return *value;
  return usual;
}

std::vector<Placed<std::string>> TableReader::texts(std::string_view key, std::size_t most) {
  const auto* member = find(key);
  if (member == nullptr) return {};
  const auto* list = std::get_if<TomlList>(&member->node.value);
  if (list == nullptr) {
    wrong_kind(*member, "a list of texts, e.g. [\"one\", \"two\"]");
    return {};
  }
  if (list->size() > most)
    problem(member->line, fmt::format("{} has {} entries (at most {})", said(key), list->size(), most));
  return texts_of(key, *list);
}

std::vector<Placed<std::string>> TableReader::texts_of(std::string_view key, const TomlList& list) {
  std::vector<Placed<std::string>> texts;
  for (const auto& item : list) {
    const auto* text = std::get_if<std::string>(&item.value);
    if (text != nullptr)
      texts.push_back({item.line, *text});
    else
      problem(item.line, fmt::format("{} holds {} (expected a text in quotes)", said(key), item.kind()));
  }
  return texts;
}

std::vector<Placed<std::string>> TableReader::text_or_texts(std::string_view key, std::string_view expected) {
  const auto* member = find(key);
  if (member == nullptr) return {};
  if (const auto* text = std::get_if<std::string>(&member->node.value)) return {{member->line, *text}};
  const auto* list = std::get_if<TomlList>(&member->node.value);
  if (list == nullptr)
    wrong_kind(*member, fmt::format("{}, or a list of them", expected));
  else if (list->empty())
    problem(member->line, fmt::format("{} is an empty list (expected {})", said(key), expected));
  return list == nullptr ? std::vector<Placed<std::string>>{} : texts_of(key, *list);
}

TableReader TableReader::table(std::string_view key) {
  const auto* member = find(key);
  const auto* table = member == nullptr ? nullptr : std::get_if<TomlTable>(&member->node.value);
  if (member != nullptr && table == nullptr) wrong_kind(*member, fmt::format("a table, [{}]", key));
  const auto line = member == nullptr ? line_ : member->line;
  return TableReader{table == nullptr ? nothing() : *table, line, fmt::format("[{}]", key), *file_,
                     *problems_};
}

std::vector<TableReader> TableReader::tables(std::string_view key, std::size_t most) {
  const auto* member = find(key);
  if (member == nullptr) return {};
  const auto* list = std::get_if<TomlList>(&member->node.value);
  if (list == nullptr) {
    wrong_kind(*member, fmt::format("a list of tables, [[{}]]", key));
    return {};
  }
  std::vector<TableReader> readers;
  for (const auto& item : *list) {
    const auto* table = std::get_if<TomlTable>(&item.value);
    if (table != nullptr)
      readers.emplace_back(*table, item.line, fmt::format("[[{}]]", key), *file_, *problems_);
    else
      problem(item.line, fmt::format("{} holds {} (expected a table, [[{}]])", said(key), item.kind(), key));
  }
  if (readers.size() > most)
    problem(member->line, fmt::format("{} [[{}]] tables (at most {})", readers.size(), key, most));
  return readers;
}

void TableReader::finish() {
  for (const auto& member : *table_) {
    if (std::find(known_.begin(), known_.end(), member.key) != known_.end()) continue;
    const auto hint = closest(member.key);
    std::string all;
    for (const auto& key : known_) all += (all.empty() ? "" : ", ") + key;
    problem(member.line, fmt::format("unknown key {} ({})", said(member.key),
                                     hint.empty() ? "known: " + all : "did you mean " + hint + "?"));
  }
}

bool TableReader::has(std::string_view key) const noexcept {
  return std::any_of(table_->begin(), table_->end(),
                     [&](const TomlMember& member) { return member.key == key; });
}

std::uint32_t TableReader::line_of(std::string_view key) const noexcept {
  for (const auto& member : *table_)
    if (member.key == key) return member.line;
  return line_;
}

void TableReader::problem(std::uint32_t line, std::string text) {
  problems_->push_back({*file_, line, escape_terminal(text)});
}

void TableReader::missing(std::string_view key, std::string_view expected) {
  problem(line_, fmt::format("{} is missing (expected {})", said(key), expected));
}

const TomlMember* TableReader::find(std::string_view key) {
  if (std::find(known_.begin(), known_.end(), key) == known_.end()) known_.emplace_back(key);
  for (const auto& member : *table_)
    if (member.key == key) return &member;
  return nullptr;
}

void TableReader::wrong_kind(const TomlMember& member, std::string_view expected) {
  problem(member.line, fmt::format("{} is {} (expected {})", said(member.key), member.node.kind(), expected));
}

const std::string* TableReader::text_at(std::string_view key, std::string_view expected) {
  const auto* member = find(key);
  if (member == nullptr) return nullptr;
  const auto* text = std::get_if<std::string>(&member->node.value);
  if (text == nullptr) wrong_kind(*member, expected);
  return text;
}

std::string TableReader::bounded(std::string_view key, const std::string& text, std::size_t longest) {
  if (text.size() <= longest) return text;
  problem(line_of(key), fmt::format("{} has {} bytes (at most {})", said(key), text.size(), longest));
  return {};
}

std::string TableReader::closest(std::string_view key) const {
  std::string best;
  std::size_t least = 3;  // further away is no misspelling
  for (const auto& known : known_)
    if (const auto steps = distance(key, known); steps < least && steps < known.size())
      least = steps, best = known;
  return best;
}

std::string TableReader::said(std::string_view key) const {
  return name_.empty() ? fmt::format("'{}'", key) : fmt::format("'{}' in {}", key, name_);
}

}  // namespace sallyport
