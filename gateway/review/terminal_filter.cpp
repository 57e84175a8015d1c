// Runs in: sallyport.
#include "gateway/review/terminal_filter.h"

#include <algorithm>

namespace sallyport {

namespace {

constexpr char kEscape = '\x1b';
constexpr std::size_t kLongestSequence = 64;

// Of the character that `text` begins with; 1 where it is not UTF-8, so that nothing behind it is swallowed.
std::size_t length_of(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  const std::size_t length = lead < 0xc0 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf8 ? 4 : 1;
  if (length > text.size()) return 1;
  const auto rest = text.substr(1, length - 1);
  const bool whole = std::all_of(rest.begin(), rest.end(), [](char c) { return (c & '\xc0') == '\x80'; });
  return whole ? length : 1;
}

// C1 controls, which some terminals obey as UTF-8 too, and characters that reorder what is read.
bool deceives(std::string_view character) {
  if (character.size() == 1) return static_cast<unsigned char>(character.front()) >= 0x80;  // not UTF-8
  if (character.size() == 2 && character.front() == '\xc2')
    return static_cast<unsigned char>(character[1]) < 0xa0;
  const auto in = [&](std::string_view low, std::string_view high) {
    return character >= low && character <= high;
  };
  return character.size() == 3 && (in("\xe2\x80\xa8", "\xe2\x80\xae") || in("\xe2\x81\xa6", "\xe2\x81\xa9") ||
                                   in("\xe2\x80\x8e", "\xe2\x80\x8f"));
}

// DECSET/DECRST numbers that only change how output looks: auto-wrap, origin, cursor, alternate screens.
bool is_drawing_mode(std::string_view number) {
  for (const std::string_view known : {"5", "6", "7", "12", "25", "47", "1047", "1048", "1049"})
    if (number == known) return true;
  return false;
}

bool all_drawing_modes(std::string_view numbers) {
  while (true) {
    const auto end = numbers.find(';');
    if (!is_drawing_mode(numbers.substr(0, end))) return false;
    if (end == numbers.npos) return true;
    numbers.remove_prefix(end + 1);
  }
}

}  // namespace

std::string TerminalFilter::pass(std::string_view output) {
  std::string out;
  out.reserve(output.size());
  while (!output.empty()) {
    const auto character = output.substr(0, length_of(output));
    output.remove_prefix(character.size());
    const char c = character.front();
    const bool cancels = c == '\x18' || c == '\x1a';  // CAN and SUB end any sequence
    if (cancels) {
      state_ = State::ground;
    } else if (state_ == State::ground) {
      on_ground(character, out);
    } else if (state_ == State::string) {
      if (c == kEscape) state_ = State::string_escape;
      if (c == '\a' || character == "\xc2\x9c") state_ = State::ground;
    } else if (c == kEscape && state_ != State::string_escape) {
      state_ = State::escape;  // a new sequence ends the one before
    } else if (state_ == State::escape) {
      on_escape(c, out);
    } else if (state_ == State::control) {
      on_control(c, out);
    } else if (state_ == State::charset) {
      emit_sequence(c, out);
    } else {
      // ESC \ ends a string; ESC and anything else ends it too and begins another sequence.
      state_ = State::escape;
      if (c == '\\')
        state_ = State::ground;
      else if (c != kEscape)
        on_escape(c, out);
    }
  }
  return out;
}

void TerminalFilter::on_ground(std::string_view character, std::string& out) {
  const char c = character.front();
  if (c == kEscape) {
    state_ = State::escape;
    return;
  }
  const bool control = static_cast<unsigned char>(c) < 0x20 || c == '\x7f';
  const std::string_view harmless = keep_ == Keep::text ? "\t\n" : "\t\n\r\b\v\f\x0e\x0f";
  if (control ? harmless.find(c) != harmless.npos : !deceives(character)) out += character;
  // DCS, SOS, CSI, OSC, PM and APC as one C1 character: what follows is theirs, not text.
  if (character.size() != 2 || c != '\xc2') return;
  const auto c1 = static_cast<unsigned char>(character[1]);
  if (c1 == 0x9b) sequence_.clear(), state_ = State::control;
  if (c1 == 0x90 || c1 == 0x98 || c1 == 0x9d || c1 == 0x9e || c1 == 0x9f) state_ = State::string;
}

void TerminalFilter::on_escape(char c, std::string& out) {
  state_ = State::ground;
  sequence_.clear();
  switch (c) {
    case '[':
      state_ = State::control;
      return;
    case ']':
    case 'P':
    case '_':
    case '^':
    case 'X':
      state_ = State::string;
      return;
    case '(':
    case ')':
    case '*':
    case '+':
    case '#':
    case '%':
    case ' ':
      sequence_ = c;
      state_ = State::charset;
      return;
    case '7':
    case '8':
    case 'D':
    case 'E':
    case 'M':
    case 'H':  // save, restore, index, tab stop
      if (keep_ == Keep::drawing) (out += kEscape) += c;
      return;
    default:
      return;  // resets, keypad modes, and what we do not know
  }
}

void TerminalFilter::on_control(char c, std::string& out) {
  const auto byte = static_cast<unsigned char>(c);
  if (byte < 0x20 || byte > 0x7e)
    return;  // a control inside a sequence; a terminal would obey it, we drop it
  if (byte < 0x40) {
    if (sequence_.size() <= kLongestSequence) sequence_ += c;
    return;
  }
  state_ = State::ground;
  if (keep_ == Keep::drawing && control_draws(c)) out += "\x1b[" + sequence_ + c;
}

bool TerminalFilter::control_draws(char last) const {
  if (sequence_.size() > kLongestSequence) return false;
  const std::string_view parameters = sequence_;
  if ((last == 'h' || last == 'l') && parameters.substr(0, 1) == "?")
    return all_drawing_modes(parameters.substr(1));
  // Any private mark or intermediate makes it another sequence; the plain ones draw.
  if (parameters.find_first_not_of("0123456789;:") != parameters.npos) return false;
  if (last == 'h' || last == 'l') return parameters == "4";  // insert mode
  constexpr std::string_view kDrawing = "@ABCDEFGHIJKLMPSTXZ`abdefgmrsu";
  return kDrawing.find(last) != kDrawing.npos;
}

// ESC ( B and its like: the character sets that draw lines.
void TerminalFilter::emit_sequence(char last, std::string& out) {
  state_ = State::ground;
  const bool is_set = sequence_ == "(" || sequence_ == ")";
  const std::string_view sets = "0AB";
  if (keep_ == Keep::drawing && is_set && sets.find(last) != sets.npos)
    ((out += kEscape) += sequence_) += last;
}

}  // namespace sallyport
