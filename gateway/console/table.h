// Table: aligned columns of text from outside, safe on a terminal; and the few colours. Pure; runs in:
// sallyport.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sallyport {

enum class Color { none, good, warning, bad, faint, strong };

// `text`, escaped, in `color` if colours are on.
std::string painted(std::string_view text, Color color, bool on);

class Table {
 public:
  struct Cell {
    Cell(std::string_view plain, Color its_color = Color::none) : text(plain), color(its_color) {}
    Cell(const std::string& plain, Color its_color = Color::none) : text(plain), color(its_color) {}
    Cell(const char* plain, Color its_color = Color::none) : text(plain), color(its_color) {}
    std::string text;
    Color color;
  };

  Table(std::vector<std::string> headings, bool color) : headings_(std::move(headings)), color_(color) {}
  // As many cells as there are headings.
  void add(std::vector<Cell> row);
  bool empty() const noexcept { return rows_.empty(); }
  // Every cell is escaped; a column without a value in any row is left out. Lines end with a newline.
  std::string text() const;

 private:
  std::vector<std::size_t> widths() const;
  std::vector<std::string> headings_;
  std::vector<std::vector<Cell>> rows_;
  bool color_;
};

// Columns that `text` takes on a terminal: code points; good enough for names and addresses.
std::size_t display_width(std::string_view text) noexcept;

}  // namespace sallyport
