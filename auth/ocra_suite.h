// OcraSuite: which inputs, hash and length an OCRA response is made of (RFC 6287 section 6). Pure.
// Runs in: sallyportd, sallyport-auth, sallyport, sallyport-respond.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace sallyport {

enum class OcraHash : std::uint8_t { sha1, sha256, sha512 };
enum class QuestionFormat : std::uint8_t { alphanumeric, numeric, hexadecimal };

inline constexpr std::string_view kDefaultOcraSuite = "OCRA-1:HOTP-SHA256-8:QA10";

// "OCRA-1:HOTP-SHA512-8:C-QN08-PSHA1-S064-T1M". The text is part of what is signed, so there is one way to
// write a suite: upper case, fields in the RFC's order, no leading zeros but where the RFC has them.
class OcraSuite {
 public:
  // Refuses everything outside the RFC's grammar, with what was expected. Stricter than the RFC in one thing:
  // T0H, which its grammar lets through, would divide by zero.
  static Result<OcraSuite> parse(std::string_view text);

  const std::string& text() const noexcept { return text_; }
  OcraHash hash() const noexcept { return hash_; }
  // 4 to 10 decimal digits; 0: the whole HMAC, untruncated.
  int digits() const noexcept { return digits_; }
  bool has_counter() const noexcept { return has_counter_; }
  QuestionFormat question_format() const noexcept { return question_format_; }
  // The longest question, in characters: 4 to 64.
  std::size_t question_length() const noexcept { return question_length_; }
  std::optional<OcraHash> pin_hash() const noexcept { return pin_hash_; }
  // Bytes of session information.
  std::optional<std::size_t> session_length() const noexcept { return session_length_; }
  std::optional<std::chrono::seconds> time_step() const noexcept { return time_step_; }

 private:
  OcraSuite() = default;
  Done read_function(std::string_view function);
  Done read_inputs(std::string_view inputs);
  Done read_question(std::string_view field);
  Done read_session(std::string_view digits);
  Done read_time(std::string_view field);

  std::string text_;
  OcraHash hash_ = OcraHash::sha1;
  int digits_ = 0;
  bool has_counter_ = false;
  QuestionFormat question_format_ = QuestionFormat::numeric;
  std::size_t question_length_ = 0;
  std::optional<OcraHash> pin_hash_;
  std::optional<std::size_t> session_length_;
  std::optional<std::chrono::seconds> time_step_;
};

}  // namespace sallyport
