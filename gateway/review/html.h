// HTML from texts of people and peers, in one file that needs nothing from anywhere and runs nothing but what
// we wrote: a Content-Security-Policy names the hash of each style and script. Pure. Runs in: sallyport.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "gateway/audit/json.h"

namespace sallyport {

// For between tags and within attributes. Control characters and those that reorder text are shown by their
// numbers, as escape_terminal() shows them.
std::string html(std::string_view text);
// JSON that may stand in a <script type="application/json">: no text can end that element.
std::string json_for_html(const nlohmann::json& value);

// A table; every cell is escaped here.
std::string html_table(const std::vector<std::string>& headings,
                       const std::vector<std::vector<std::string>>& rows);
// Two columns: what, and its value. Rows without a value are left out.
std::string html_facts(const std::vector<std::pair<std::string, std::string>>& facts);

struct Page {
  std::string title;   // escaped here
  std::string style;   // ours
  std::string script;  // ours; empty: none, and none is allowed
  std::string body;    // HTML
};
std::string html_page(const Page& page);

}  // namespace sallyport
