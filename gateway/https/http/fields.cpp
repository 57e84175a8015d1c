// Runs in: sallyport-https.
#include "gateway/https/http/fields.h"

namespace sallyport::http {

const std::string* Fields::find(std::string_view name) const {
  for (const auto& field : fields_)
    if (same_name(field.name, name)) return &field.value;
  return nullptr;
}

std::size_t Fields::count(std::string_view name) const {
  return static_cast<std::size_t>(
      std::ranges::count_if(fields_, [&](const Field& field) { return same_name(field.name, name); }));
}

void Fields::remove(std::string_view name) {
  remove_if([&](const Field& field) { return same_name(field.name, name); });
}

void Fields::set(std::string_view name, std::string_view value) {
  const auto first =
      std::ranges::find_if(fields_, [&](const Field& field) { return same_name(field.name, name); });
  if (first == fields_.end()) return add(name, value);
  first->value = value;
  fields_.erase(std::remove_if(first + 1, fields_.end(),
                               [&](const Field& field) { return same_name(field.name, name); }),
                fields_.end());
}

Parsed<Field> parse_field(std::string_view line) {
  if (line.starts_with(' ') || line.starts_with('\t')) return bad("a folded header line");
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) return bad("a header line without a colon");
  const auto name = line.substr(0, colon);
  // "Name : value": some servers read another name, some none.
  if (!is_token(name)) return bad("a header name that is none");
  return Field{std::string{name}, std::string{trimmed(line.substr(colon + 1))}};
}

void append_fields(std::string& text, const Fields& fields) {
  for (const auto& field : fields) {
    text += field.name;
    text += ": ";
    text += field.value;
    text += "\r\n";
  }
}

}  // namespace sallyport::http
