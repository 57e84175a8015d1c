// Runs in: sallyport-https.
#include "gateway/https/form.h"

#include "gateway/https/http/characters.h"

namespace sallyport {

namespace {

Result<Secret> decoded(std::string_view text) {
  std::string value;
  value.reserve(text.size());  // it is a password: no copy of it is left behind by growing
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      value += text[i] == '+' ? ' ' : text[i];
      continue;
    }
    const int high = i + 2 < text.size() ? http::hex_value(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? http::hex_value(text[i + 2]) : -1;
    if (high < 0 || low < 0) return wipe(value), fail("the form is not well-formed");
    value += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return Secret::taking(std::move(value));
}

}  // namespace

Result<Secret> form_field(std::string_view body, std::string_view name) {
  std::string_view found;
  int times = 0;
  for (std::size_t from = 0; from <= body.size();) {
    const auto end = std::min(body.find('&', from), body.size());
    const auto pair = body.substr(from, end - from);
    const auto equals = pair.find('=');
    if (equals != std::string_view::npos && pair.substr(0, equals) == name) {
      found = pair.substr(equals + 1);
      ++times;
    }
    from = end + 1;
  }
  if (times != 1) return fail("the form has no field {}", name);
  return decoded(found);
}

std::string escape_html(std::string_view text) {
  std::string safe;
  for (const char c : text) {
    switch (c) {
      case '&':
        safe += "&amp;";
        break;
      case '<':
        safe += "&lt;";
        break;
      case '>':
        safe += "&gt;";
        break;
      case '"':
        safe += "&quot;";
        break;
      case '\'':
        safe += "&#39;";
        break;
      default:
        safe += c;
    }
  }
  return safe;
}

}  // namespace sallyport
