// Runs in: sallyport-auth.
#include "auth/webauthn/json_object.h"

#include <optional>

#include "base/escape.h"

namespace sallyport {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

void add_utf8(std::string& text, std::uint32_t point) {
  const auto byte = [&](std::uint32_t value) {
    text += static_cast<char>(static_cast<unsigned char>(value));
  };
  if (point < 0x80) return byte(point);
  if (point < 0x800) return byte(0xc0 | point >> 6), byte(0x80 | (point & 0x3f));
  if (point < 0x10000) {
    byte(0xe0 | point >> 12);
  } else {
    byte(0xf0 | point >> 18);
    byte(0x80 | (point >> 12 & 0x3f));
  }
  byte(0x80 | (point >> 6 & 0x3f));
  byte(0x80 | (point & 0x3f));
}

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  Result<JsonObject> object(int depth);
  bool ended() {
    skip_spaces();
    return at_ == text_.size();
  }

 private:
  char next() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  void skip_spaces() {
    while (next() == ' ' || next() == '\t' || next() == '\r' || next() == '\n') ++at_;
  }
  bool take(std::string_view word) {
    if (!text_.substr(at_).starts_with(word)) return false;
    at_ += word.size();
    return true;
  }
  // With spaces in front.
  bool take_mark(std::string_view mark) {
    skip_spaces();
    return take(mark);
  }
  Result<std::string> string();
  Result<std::uint32_t> escaped();
  std::optional<std::uint32_t> four_digits();
  Done member(JsonObject& into, int depth);
  Result<JsonMember> value(int depth);
  Done array(int depth);
  Done number();
  std::size_t digits();

  std::string_view text_;
  std::size_t at_ = 0;
};

Result<JsonObject> Reader::object(int depth) {
  if (depth > kDeepestJson) return fail("JSON is deeper than {} levels", kDeepestJson);
  if (!take_mark("{")) return fail("JSON is no object");
  JsonObject members;
  if (take_mark("}")) return members;
  do {
    RETURN_IF_ERROR(member(members, depth));
  } while (take_mark(","));
  if (!take_mark("}")) return fail("a JSON object is not closed");
  return members;
}

Done Reader::member(JsonObject& into, int depth) {
  skip_spaces();
  ASSIGN_OR_RETURN(auto name, string());
  if (!take_mark(":")) return fail("a JSON member has no value");
  ASSIGN_OR_RETURN(auto content, value(depth));
  if (!into.emplace(std::move(name), std::move(content)).second) return fail("a JSON member is there twice");
  return {};
}

Result<JsonMember> Reader::value(int depth) {
  skip_spaces();
  using Kind = JsonMember::Kind;
  const auto begin = at_;
  switch (next()) {
    case '"': {
      ASSIGN_OR_RETURN(auto text, string());
      return JsonMember{Kind::text, std::move(text)};
    }
    case '{':
      RETURN_IF_ERROR(object(depth + 1));
      return JsonMember{Kind::object, std::string{text_.substr(begin, at_ - begin)}};
    case '[':
      RETURN_IF_ERROR(array(depth + 1));
      return JsonMember{};
    default:
      break;
  }
  if (take("true")) return JsonMember{Kind::yes, {}};
  if (take("false")) return JsonMember{Kind::no, {}};
  if (take("null")) return JsonMember{};
  RETURN_IF_ERROR(number());
  return JsonMember{};
}

Done Reader::array(int depth) {
  if (depth > kDeepestJson) return fail("JSON is deeper than {} levels", kDeepestJson);
  (void)take("[");
  if (take_mark("]")) return {};
  do {
    RETURN_IF_ERROR(value(depth));
  } while (take_mark(","));
  if (!take_mark("]")) return fail("a JSON array is not closed");
  return {};
}

std::size_t Reader::digits() {
  const auto begin = at_;
  while (is_digit(next())) ++at_;
  return at_ - begin;
}

Done Reader::number() {
  (void)take("-");
  if (!take("0") && digits() == 0) return fail("JSON has something that is no value");
  if (take(".") && digits() == 0) return fail("a JSON number ends too early");
  if (!take("e") && !take("E")) return {};
  if (!take("+")) (void)take("-");
  return digits() == 0 ? Done{fail("a JSON number ends too early")} : Done{};
}

Result<std::string> Reader::string() {
  if (!take("\"")) return fail("JSON has no text where one belongs");
  std::string text;
  for (;;) {
    const auto byte = static_cast<unsigned char>(next());
    if (at_ == text_.size() || byte < 0x20)
      return fail("a JSON text is not closed, or has a control character");
    ++at_;
    if (byte == '"') return text;
    if (byte != '\\') {
      text += static_cast<char>(byte);
      continue;
    }
    ASSIGN_OR_RETURN(const auto point, escaped());
    add_utf8(text, point);
  }
}

std::optional<std::uint32_t> Reader::four_digits() {
  std::uint32_t point = 0;
  for (int i = 0; i < 4; ++i) {
    const char c = next();
    const int value = is_digit(c)            ? c - '0'
                      : c >= 'a' && c <= 'f' ? c - 'a' + 10
                      : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                             : -1;
    if (value < 0) return std::nullopt;
    point = point << 4 | static_cast<std::uint32_t>(value);
    ++at_;
  }
  return point;
}

Result<std::uint32_t> Reader::escaped() {
  constexpr std::string_view kLetters = "\"\\/bfnrt", kMeaning = "\"\\/\b\f\n\r\t";
  const auto letter = kLetters.find(next());
  if (at_ < text_.size() && letter != std::string_view::npos)
    return ++at_, static_cast<unsigned char>(kMeaning[letter]);
  if (!take("u")) return fail("a JSON text has an escape that is none");
  const auto first = four_digits();
  if (!first || (*first >= 0xdc00 && *first < 0xe000)) return fail("a JSON text has an escape that is none");
  if (*first < 0xd800 || *first >= 0xe000) return *first;
  const auto second = take("\\u") ? four_digits() : std::nullopt;
  if (!second || *second < 0xdc00 || *second >= 0xe000) return fail("a JSON text has half a character");
  return 0x10000 + ((*first - 0xd800) << 10) + (*second - 0xdc00);
}

}  // namespace

Result<JsonObject> read_json_object(std::string_view text) {
  if (!is_utf8(text)) return fail("JSON is not UTF-8");
  Reader reader{text};
  ASSIGN_OR_RETURN(auto members, reader.object(1));
  if (!reader.ended()) return fail("something follows the JSON object");
  return members;
}

}  // namespace sallyport
