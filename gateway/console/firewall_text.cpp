// Runs in: sallyport.
#include "gateway/console/firewall_text.h"

#include <fmt/core.h>

#include <string_view>
#include <vector>

#include "base/escape.h"
#include "gateway/console/table.h"
#include "gateway/review/values.h"

namespace sallyport {

namespace {

using Json = nlohmann::json;

// "192.0.2.7 . tcp . 5026 . 198.51.100.20", as the kernel's sets hold it: who, protocol, port and, of what is
// routed, the target.
std::vector<std::string> fields_of(std::string_view key) {
  constexpr std::string_view kBetween = " . ";
  std::vector<std::string> fields;
  for (auto at = key.find(kBetween); at != std::string_view::npos; at = key.find(kBetween)) {
    fields.emplace_back(key.substr(0, at));
    key.remove_prefix(at + kBetween.size());
  }
  fields.emplace_back(key);
  return fields;
}

// What people want to know of an element of the live table (firewall/passage.h). A routed port has elements
// in up to three sets, one of which says it all.
std::string meaning_of(const std::string& set, const std::vector<std::string>& fields) {
  if (set.starts_with("entry")) return "may connect to the gate";
  if (set.starts_with("admitted")) return "to the gate";
  if (set.starts_with("forwarded")) return "routed to " + fields.back();
  if (set.starts_with("dial")) return "the gate's own way there";
  return set;
}

bool says_nothing_more(const Json& element) {
  const auto set = text_of(element, "set");
  return !element.contains("alarm") && (set.starts_with("translate") || set.starts_with("masked"));
}

std::string volume_of(const Json& element, const std::string& way) {
  if (!element.contains(way + "_packets")) return {};
  return fmt::format("{} packets, {}", number_of(element, (way + "_packets").c_str()),
                     size_text(number_of(element, (way + "_bytes").c_str())));
}

void add_row(Table& table, const Json& element, WallTime now) {
  const auto fields = fields_of(text_of(element, "key"));
  const auto port = fields.size() < 3 ? std::string{} : fields[2] + "/" + fields[1];
  table.add({fields[0],
             port,
             meaning_of(text_of(element, "set"), fields),
             join(texts_of(element, "grants")),
             time_text_with_distance(text_of(element, "until"), now),
             volume_of(element, "in"),
             volume_of(element, "out"),
             {text_of(element, "alarm"), Color::bad}});
}

}  // namespace

std::string firewall_text(const Json& shown, bool color, WallTime now) {
  Table table{{"ADDRESS", "PORT", "WHAT", "GRANT", "UNTIL", "IN", "OUT", "ALARM"}, color};
  for (const auto& element : member(shown, "open"))
    if (!says_nothing_more(element)) add_row(table, element, now);
  const auto base = text_of(shown, "base");
  return (table.empty() ? "Nothing is open.\n" : table.text()) +
         fmt::format("\nThe table that refuses everything else is {}.\n",
                     painted(base, base == "in force" ? Color::good : Color::bad, color));
}

std::string firewall_nft_text(const Json& shown) {
  std::string text = text_of(shown, "base_nft");
  for (const auto& element : member(shown, "open")) text += escape_terminal(text_of(element, "nft")) + "\n";
  return text;
}

}  // namespace sallyport
