// Runs in: sallyportd, sallyport-auth, sallyport, sallyport-respond.
#include "auth/ocra_suite.h"

#include <charconv>

namespace sallyport {

namespace {

// Takes the text before the next `separator` (or all of it) from the front of `rest`.
std::string_view take_field(std::string_view& rest, char separator) {
  const auto end = rest.find(separator);
  const auto field = rest.substr(0, end);
  rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
  return field;
}

std::optional<OcraHash> hash_named(std::string_view name) {
  if (name == "SHA1") return OcraHash::sha1;
  if (name == "SHA256") return OcraHash::sha256;
  if (name == "SHA512") return OcraHash::sha512;
  return std::nullopt;
}

std::optional<QuestionFormat> format_named(char letter) {
  if (letter == 'A') return QuestionFormat::alphanumeric;
  if (letter == 'N') return QuestionFormat::numeric;
  if (letter == 'H') return QuestionFormat::hexadecimal;
  return std::nullopt;
}

// Decimal digits only, within the limits.
std::optional<int> number(std::string_view digits, int least, int most) {
  if (digits.empty() || digits.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
  int value = 0;
  const auto [end, fault] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (fault != std::errc{} || value < least || value > most) return std::nullopt;
  return value;
}

}  // namespace

Result<OcraSuite> OcraSuite::parse(std::string_view text) {
  const auto wrong = [&](const Error& error) {
    return tl::unexpected{error.within(fmt::format("OCRA suite \"{}\"", text))};
  };
  OcraSuite suite;
  suite.text_ = text;
  auto rest = text;
  if (take_field(rest, ':') != "OCRA-1") return wrong(Error{"expected \"OCRA-1:\" in front"});
  if (rest.find(':') == std::string_view::npos)
    return wrong(Error{fmt::format("expected three parts separated by colons, e.g. {}", kDefaultOcraSuite)});
  if (auto read = suite.read_function(take_field(rest, ':')); !read) return wrong(read.error());
  if (auto read = suite.read_inputs(rest); !read) return wrong(read.error());
  return suite;
}

// HOTP-SHA256-8
Done OcraSuite::read_function(std::string_view function) {
  auto rest = function;
  if (take_field(rest, '-') != "HOTP") return fail("expected \"HOTP-\" in front of \"{}\"", function);
  const auto hash = hash_named(take_field(rest, '-'));
  if (!hash) return fail("expected SHA1, SHA256 or SHA512 in \"{}\"", function);
  const auto digits = number(rest, 0, 10);
  const bool leading_zero = rest.size() > 1 && rest.front() == '0';
  if (!digits || leading_zero || (*digits > 0 && *digits < 4))
    return fail("expected 0 or 4 to 10 digits at the end of \"{}\"", function);
  hash_ = *hash;
  digits_ = *digits;
  return {};
}

// [C] - QFxx - [PH] - [Snnn] - [TG], in this order.
Done OcraSuite::read_inputs(std::string_view inputs) {
  if (inputs.ends_with('-')) return fail("expected a field after the last \"-\"");
  auto rest = inputs;
  auto field = take_field(rest, '-');
  if (field == "C") {
    has_counter_ = true;
    field = take_field(rest, '-');
  }
  RETURN_IF_ERROR(read_question(field));
  if (rest.empty()) return {};
  field = take_field(rest, '-');
  if (field.starts_with('P')) {
    pin_hash_ = hash_named(field.substr(1));
    if (!pin_hash_) return fail("expected PSHA1, PSHA256 or PSHA512 instead of \"{}\"", field);
    if (rest.empty()) return {};
    field = take_field(rest, '-');
  }
  if (field.starts_with('S')) {
    RETURN_IF_ERROR(read_session(field.substr(1)));
    if (rest.empty()) return {};
    field = take_field(rest, '-');
  }
  RETURN_IF_ERROR(read_time(field));
  if (!rest.empty()) return fail("expected nothing after \"{}\" (the order is C, Q, P, S, T)", field);
  return {};
}

Done OcraSuite::read_question(std::string_view field) {
  constexpr std::string_view expected = "QA04 to QA64, QN04 to QN64 or QH04 to QH64";
  if (field.size() != 4 || field[0] != 'Q') return fail("expected {} instead of \"{}\"", expected, field);
  const auto format = format_named(field[1]);
  const auto length = number(field.substr(2), 4, 64);
  if (!format || !length) return fail("expected {} instead of \"{}\"", expected, field);
  question_format_ = *format;
  question_length_ = static_cast<std::size_t>(*length);
  return {};
}

Done OcraSuite::read_session(std::string_view digits) {
  const auto length = digits.size() == 3 ? number(digits, 1, 512) : std::nullopt;
  if (!length) return fail("expected S and three digits, S001 to S512, instead of \"S{}\"", digits);
  session_length_ = static_cast<std::size_t>(*length);
  return {};
}

Done OcraSuite::read_time(std::string_view field) {
  const char unit = field.empty() ? '\0' : field.back();
  const bool known_unit = unit == 'S' || unit == 'M' || unit == 'H';
  if (!field.starts_with('T') || !known_unit)
    return fail(
        "expected PSHA1, S064 or a time step like T30S, T1M or T1H, in the order P, S, T, instead of \"{}\"",
        field);
  const auto digits = field.substr(1, field.size() - 2);
  const auto count = digits.starts_with('0') ? std::nullopt : number(digits, 1, unit == 'H' ? 48 : 59);
  if (!count) return fail("expected T1S to T59S, T1M to T59M or T1H to T48H instead of \"{}\"", field);
  time_step_ = std::chrono::seconds{*count * (unit == 'H' ? 3600 : unit == 'M' ? 60 : 1)};
  return {};
}

}  // namespace sallyport
