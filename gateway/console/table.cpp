// Runs in: sallyport.
#include "gateway/console/table.h"

#include <algorithm>

#include "base/check.h"
#include "base/escape.h"

namespace sallyport {

namespace {

const char* code_of(Color color) {
  switch (color) {
    case Color::none:
      return "";
    case Color::good:
      return "\x1b[32m";
    case Color::warning:
      return "\x1b[33m";
    case Color::bad:
      return "\x1b[31m";
    case Color::faint:
      return "\x1b[2m";
    case Color::strong:
      return "\x1b[1m";
  }
  return "";
}

std::string trimmed(std::string line) {
  line.erase(line.find_last_not_of(' ') + 1);
  return line + "\n";
}

}  // namespace

std::string painted(std::string_view text, Color color, bool on) {
  const auto safe = escape_terminal(text);
  return on && color != Color::none ? code_of(color) + safe + "\x1b[0m" : safe;
}

std::size_t display_width(std::string_view text) noexcept {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

void Table::add(std::vector<Cell> row) {
  our_bug(row.size() != headings_.size(), "a table row has another number of cells than there are headings");
  rows_.push_back(std::move(row));
}

// 0 for a column that is empty in every row.
std::vector<std::size_t> Table::widths() const {
  std::vector<std::size_t> widths(headings_.size(), 0);
  for (const auto& row : rows_)
    for (std::size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], display_width(escape_terminal(row[i].text)));
  for (std::size_t i = 0; i < widths.size(); ++i)
    if (widths[i] > 0) widths[i] = std::max(widths[i], display_width(headings_[i]));
  return widths;
}

std::string Table::text() const {
  const auto all_widths = widths();
  std::string out;
  const auto add_line = [&](const auto& cell_of) {
    std::string line;
    for (std::size_t i = 0; i < all_widths.size(); ++i) {
      if (all_widths[i] == 0) continue;
      const Cell cell = cell_of(i);
      line += painted(cell.text, cell.color, color_);
      line += std::string(all_widths[i] - display_width(escape_terminal(cell.text)) + 2, ' ');
    }
    out += trimmed(std::move(line));
  };
  add_line([&](std::size_t i) { return Cell{headings_[i], Color::strong}; });
  for (const auto& row : rows_) add_line([&](std::size_t i) { return row[i]; });
  return out;
}

}  // namespace sallyport
