// Pure; runs in: sallyportd, sallyport.
#include "gateway/audit/line_scan.h"

#include <array>
#include <string>

#include "base/clock.h"
#include "gateway/audit/record.h"

namespace sallyport {

namespace {

// What may stand in a text as it is: printable ASCII but quote and backslash.
constexpr std::array<bool, 256> kPlain = [] {
  std::array<bool, 256> plain{};
  for (std::size_t c = 0x20; c < 0x7f; ++c) plain[c] = c != '"' && c != '\\';
  return plain;
}();

bool is_hash_text(std::string_view text) {
  if (text.size() != 64) return false;
  for (const char c : text)
    if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) return false;
  return true;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

// A text between its quotes, escapes undone; the scanner has checked them.
std::string plain_text(std::string_view escaped) {
  std::string text;
  for (std::size_t i = 0; i < escaped.size(); ++i) {
    if (escaped[i] != '\\') {
      text += escaped[i];
      continue;
    }
    switch (escaped[++i]) {
      case 'b':
        text += '\b';
        break;
      case 'f':
        text += '\f';
        break;
      case 'n':
        text += '\n';
        break;
      case 'r':
        text += '\r';
        break;
      case 't':
        text += '\t';
        break;
      case 'u':
        text += static_cast<char>(hex_digit(escaped[i + 3]) * 16 + hex_digit(escaped[i + 4]));
        i += 4;
        break;
      default:
        text += escaped[i];
    }
  }
  return text;
}

// Sorted by the bytes of the keys themselves, each once.
bool in_order(std::string_view before, std::string_view after) {
  if (before.find('\\') == before.npos && after.find('\\') == after.npos) return before < after;
  return plain_text(before) < plain_text(after);
}

class Scan {
 public:
  explicit Scan(std::string_view line) : text_(line) {}

  std::optional<RecordView> run() {
    view_.line = text_;
    if (!object(1) || at_ != text_.size()) return std::nullopt;
    const bool complete = seq_ && event_ && time_ && is_hash_text(view_.prev) && is_hash_text(view_.hash);
    if (!complete || !from_rfc3339(view_.time)) return std::nullopt;
    return view_;
  }

 private:
  bool at_end() const { return at_ >= text_.size(); }
  char here() const { return at_end() ? '\0' : text_[at_]; }
  bool eat(char c) {
    if (here() != c || at_end()) return false;
    ++at_;
    return true;
  }
  bool eat(std::string_view word) {
    if (text_.substr(at_, word.size()) != word) return false;
    at_ += word.size();
    return true;
  }

  bool object(std::size_t depth) {
    if (depth > kDeepest || !eat('{')) return false;
    if (eat('}')) return true;
    std::string_view before;
    for (bool first = true;; first = false) {
      const auto start = at_;
      std::string_view key;
      if (!string(key) || (!first && !in_order(before, key)) || !eat(':')) return false;
      before = key;
      if (depth == 1 ? !own_member(key, start) : !value(depth)) return false;
      if (eat('}')) return true;
      if (!eat(',')) return false;
    }
  }

  // A member of the record itself: five of them are the journal's.
  bool own_member(std::string_view key, std::size_t start) {
    const auto from = at_;
    if (!value(1)) return false;
    const auto got = text_.substr(from, at_ - from);
    if (key == "seq") return take_seq(got);
    const bool is_text = got.front() == '"';
    const auto inside = is_text ? got.substr(1, got.size() - 2) : std::string_view{};
    if (key == "event") return event_ = is_text, view_.event = inside, is_text;
    if (key == "prev") return view_.prev = inside, is_text;
    if (key == "time") return time_ = is_text, view_.time = inside, is_text;
    if (key == "hash") return view_.hash = inside, view_.hash_member = start, is_text;
    return true;
  }

  bool take_seq(std::string_view digits) {
    for (const char c : digits) {
      if (c < '0' || c > '9') return false;
      view_.seq = view_.seq * 10 + static_cast<std::uint64_t>(c - '0');
    }
    return seq_ = true;
  }

  bool value(std::size_t depth) {
    switch (here()) {
      case '"': {
        std::string_view ignored;
        return string(ignored);
      }
      case '{':
        return object(depth + 1);
      case '[':
        return array(depth + 1);
      case 't':
        return eat("true");
      case 'f':
        return eat("false");
      case 'n':
        return eat("null");
      default:
        return number();
    }
  }

  bool array(std::size_t depth) {
    if (depth > kDeepest || !eat('[')) return false;
    if (eat(']')) return true;
    do {
      if (!value(depth)) return false;
    } while (eat(','));
    return eat(']');
  }

  // An integer smaller than 2^53 in magnitude, written the one way.
  bool number() {
    const bool negative = eat('-');
    if (here() == '0') return ++at_, !negative && (here() < '0' || here() > '9');
    std::uint64_t value = 0;
    const auto from = at_;
    for (; here() >= '0' && here() <= '9'; ++at_) {
      value = value * 10 + static_cast<std::uint64_t>(here() - '0');
      if (value > kLargestNumber) return false;
    }
    return at_ > from;
  }

  bool string(std::string_view& inside) {
    if (!eat('"')) return false;
    const auto from = at_;
    for (;;) {
      while (at_ < text_.size() && kPlain[static_cast<unsigned char>(text_[at_])]) ++at_;
      if (at_end()) return false;
      const char c = text_[at_];
      if (c == '"') break;
      if (c == '\\' ? !escape() : !wide_character()) return false;
    }
    inside = text_.substr(from, at_ - from);
    ++at_;
    return true;
  }

  // The short form where JSON has one, \u00xx for the other control characters, and no other.
  bool escape() {
    ++at_;
    const char c = here();
    if (c == '"' || c == '\\' || c == 'b' || c == 'f' || c == 'n' || c == 'r' || c == 't') return ++at_, true;
    if (!eat("u00")) return false;
    if (text_.size() - at_ < 2) return false;
    const int high = hex_digit(text_[at_]), low = hex_digit(text_[at_ + 1]);
    if (high < 0 || high > 1 || low < 0) return false;
    const int code = high * 16 + low;
    at_ += 2;
    return code != '\b' && code != '\f' && code != '\n' && code != '\r' && code != '\t';
  }

  // UTF-8 of more than one byte: no overlong form, no surrogate, nothing beyond U+10FFFF (RFC 3629).
  bool wide_character() {
    const auto byte = [this](std::size_t i) {
      return at_ + i < text_.size() ? static_cast<unsigned char>(text_[at_ + i]) : 0U;
    };
    const auto follows = [&](std::size_t i, unsigned low = 0x80, unsigned high = 0xbf) {
      return byte(i) >= low && byte(i) <= high;
    };
    const unsigned lead = byte(0);
    std::size_t length = 0;
    if (lead >= 0xc2 && lead <= 0xdf)
      length = follows(1) ? 2 : 0;
    else if (lead >= 0xe0 && lead <= 0xef)
      length = follows(1, lead == 0xe0 ? 0xa0 : 0x80, lead == 0xed ? 0x9f : 0xbf) && follows(2) ? 3 : 0;
    else if (lead >= 0xf0 && lead <= 0xf4)
      length = follows(1, lead == 0xf0 ? 0x90 : 0x80, lead == 0xf4 ? 0x8f : 0xbf) && follows(2) && follows(3)
                   ? 4
                   : 0;
    at_ += length;
    return length > 0;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  RecordView view_;
  bool seq_ = false, event_ = false, time_ = false;
};

}  // namespace

std::optional<RecordView> scan_line(std::string_view line) {
  if (line.size() >= kLongestLine) return std::nullopt;
  return Scan{line}.run();
}

// `prev`, `seq` and `time` sort behind `hash`: a comma always follows it.
Digest hash_of(const RecordView& view, Sha256& hasher) {
  constexpr std::size_t kMember = std::string_view{R"("hash":"",)"}.size() + 64;
  hasher.update(view.line.substr(0, view.hash_member));
  hasher.update(view.line.substr(view.hash_member + kMember));
  return hasher.finish();
}

Digest digest_from_hex(std::string_view hex) {
  Digest digest;
  for (std::size_t i = 0; i < digest.size(); ++i)
    digest[i] = static_cast<std::uint8_t>(hex_digit(hex[2 * i]) << 4 | hex_digit(hex[2 * i + 1]));
  return digest;
}

bool is_hex_of(std::string_view hex, const Digest& digest) {
  if (hex.size() != 2 * digest.size()) return false;
  for (std::size_t i = 0; i < digest.size(); ++i)
    if (hex_digit(hex[2 * i]) != digest[i] >> 4 || hex_digit(hex[2 * i + 1]) != (digest[i] & 15))
      return false;
  return true;
}

}  // namespace sallyport
