// Runs in: sallyport.
#include "gateway/review/html.h"

#include "base/encoding.h"
#include "base/escape.h"
#include "base/sha256.h"

namespace sallyport {

namespace {

std::string source_of(const std::string& text) {
  Sha256 hasher;
  hasher.update(text);
  const auto digest = hasher.finish();
  return "'sha256-" + to_base64(bytes_of(digest)) + "'";
}

void add_row(std::string& out, const std::vector<std::string>& cells, const char* tag) {
  out += "<tr>";
  for (const auto& cell : cells) out += fmt::format("<{0}>{1}</{0}>", tag, html(cell));
  out += "</tr>\n";
}

}  // namespace

std::string html(std::string_view text) {
  std::string out;
  for (const char c : escape_terminal(text)) switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  return out;
}

std::string json_for_html(const nlohmann::json& value) {
  std::string out;
  for (const char c : json_text(value)) {
    if (c == '<' || c == '>' || c == '&')
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    else
      out += c;
  }
  return out;
}

std::string html_table(const std::vector<std::string>& headings,
                       const std::vector<std::vector<std::string>>& rows) {
  std::string out = "<table>\n";
  add_row(out, headings, "th");
  for (const auto& row : rows) add_row(out, row, "td");
  return out + "</table>\n";
}

std::string html_facts(const std::vector<std::pair<std::string, std::string>>& facts) {
  std::string out = "<table class=\"facts\">\n";
  for (const auto& [what, value] : facts)
    if (!value.empty()) out += fmt::format("<tr><th>{}</th><td>{}</td></tr>\n", html(what), html(value));
  return out + "</table>\n";
}

std::string html_page(const Page& page) {
  auto policy = "default-src 'none'; base-uri 'none'; form-action 'none'; style-src " + source_of(page.style);
  if (!page.script.empty()) policy += "; script-src " + source_of(page.script);
  auto out = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"{}\">\n"
      "<meta name=\"viewport\" "
      "content=\"width=device-width\">\n<title>{}</title>\n<style>{}</style>\n</head>\n<body>\n",
      policy, html(page.title), page.style);
  out += page.body;
  if (!page.script.empty()) out += "<script>" + page.script + "</script>\n";
  return out + "</body>\n</html>\n";
}

}  // namespace sallyport
