// TableReader: typed, bounded reading of one TOML table. Every getter says what it expected when it did not
// find it; a key that nobody asked for is refused, because a misspelt limit is a limit that does not hold.
// Pure; runs in: sallyportd, sallyport.
#pragma once

#include <algorithm>
#include <chrono>
#include <initializer_list>
#include <string>
#include <vector>

#include "base/result.h"
#include "policies/catalogue.h"
#include "policies/parser.h"

namespace sallyport {

// What a parser of ours made of a list's item, and where it stood.
template <class T>
struct Placed {
  std::uint32_t line = 0;
  T value;
};

class TableReader {
 public:
  // `name` is how a sentence calls the table: "" for the file itself, else "[limits]".
  TableReader(const TomlTable& table, std::uint32_t line, std::string name, const std::filesystem::path& file,
              Problems& problems)
      : table_(&table), line_(line), name_(std::move(name)), file_(&file), problems_(&problems) {}

  // Each getter returns `usual` when the key is absent, and after a problem.
  std::string text(std::string_view key, std::string_view usual, std::size_t longest);
  std::string required_text(std::string_view key, std::string_view example, std::size_t longest);
  bool boolean(std::string_view key, bool usual);
  std::int64_t number(std::string_view key, std::int64_t usual, std::int64_t least, std::int64_t most);
  std::chrono::seconds duration(std::string_view key, std::chrono::seconds usual, std::chrono::seconds least,
                                std::chrono::seconds most);
  // Bytes: a number, or a text with KiB, MiB, GiB.
  std::uint64_t size(std::string_view key, std::uint64_t usual, std::uint64_t least, std::uint64_t most);
  template <class T>
  T choice(std::string_view key, T usual, std::initializer_list<std::pair<const char*, T>> choices);
  // One of the words or a list of them, each once.
  template <class T>
  std::vector<T> some_of(std::string_view key, std::vector<T> usual,
                         std::initializer_list<std::pair<const char*, T>> choices);
  // A list of texts; absent is empty.
  std::vector<Placed<std::string>> texts(std::string_view key, std::size_t most);
  // As texts(), each made a value by `parse`.
  template <class T>
  std::vector<Placed<T>> values(std::string_view key, std::size_t most, Result<T> (*parse)(std::string_view));

  // The table under `key`; an empty one when absent.
  TableReader table(std::string_view key);
  // The tables of [[key]]; empty when absent.
  std::vector<TableReader> tables(std::string_view key, std::size_t most);

  // The last call: refuses every key that no getter asked for.
  void finish();

  bool has(std::string_view key) const noexcept;
  // Where `key` stands, or the table itself.
  std::uint32_t line_of(std::string_view key) const noexcept;
  std::uint32_t line() const noexcept { return line_; }
  void problem(std::uint32_t line, std::string text);
  void missing(std::string_view key, std::string_view expected);

 private:
  const TomlMember* find(std::string_view key);
  void wrong_kind(const TomlMember& member, std::string_view expected);
  const std::string* text_at(std::string_view key, std::string_view expected);
  std::vector<Placed<std::string>> texts_of(std::string_view key, const TomlList& list);
  std::vector<Placed<std::string>> text_or_texts(std::string_view key, std::string_view expected);
  std::string bounded(std::string_view key, const std::string& text, std::size_t longest);
  std::string closest(std::string_view key) const;
  std::string said(std::string_view key) const;  // "tries in [login]"

  const TomlTable* table_;
  std::uint32_t line_;
  std::string name_;
  const std::filesystem::path* file_;
  Problems* problems_;
  std::vector<std::string> known_;
};

// "\"tcp\" or \"udp\""
template <class T>
std::string words_of(std::initializer_list<std::pair<const char*, T>> choices) {
  std::string words;
  for (const auto& [word, value] : choices)
    words += fmt::format("{}\"{}\"", words.empty() ? "" : " or ", word);
  return words;
}

template <class T>
T TableReader::choice(std::string_view key, T usual,
                      std::initializer_list<std::pair<const char*, T>> choices) {
  const auto words = words_of(choices);
  const auto* text = text_at(key, words);
  if (text == nullptr) return usual;
  for (const auto& [word, value] : choices)
    if (*text == word) return value;
  problem(line_of(key), fmt::format("{} is \"{}\" (expected {})", said(key), *text, words));
  return usual;
}

template <class T>
std::vector<T> TableReader::some_of(std::string_view key, std::vector<T> usual,
                                    std::initializer_list<std::pair<const char*, T>> choices) {
  const auto words = words_of(choices);
  std::vector<T> some;
  for (const auto& placed : text_or_texts(key, words)) {
    const auto* const found = std::find_if(choices.begin(), choices.end(),
                                           [&](const auto& choice) { return placed.value == choice.first; });
    if (found == choices.end())
      problem(placed.line, fmt::format("{} is \"{}\" (expected {})", said(key), placed.value, words));
    else if (std::find(some.begin(), some.end(), found->second) != some.end())
      problem(placed.line, fmt::format("{} names \"{}\" twice", said(key), placed.value));
    else
      some.push_back(found->second);
  }
  return some.empty() ? usual : some;
}

template <class T>
std::vector<Placed<T>> TableReader::values(std::string_view key, std::size_t most,
                                           Result<T> (*parse)(std::string_view)) {
  std::vector<Placed<T>> parsed;
  for (const auto& [line, text] : texts(key, most)) {
    auto value = parse(text);
    if (value)
      parsed.push_back({line, *std::move(value)});
    else
      problem(line, fmt::format("{}: {}", said(key), value.error().message()));
  }
  return parsed;
}

}  // namespace sallyport
