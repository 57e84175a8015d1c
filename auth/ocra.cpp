// Runs in: sallyport-auth, sallyport-respond.
#include "auth/ocra.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <vector>

#include "base/bytes.h"
#include "base/check.h"
#include "base/encoding.h"

namespace sallyport {

namespace {

constexpr std::size_t kQuestionBytes = 128;  // RFC 6287 section 5.1
constexpr std::string_view kDigits = "0123456789";
constexpr std::string_view kHexDigits = "0123456789ABCDEFabcdef";
constexpr std::string_view kAlphanumeric = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

std::string_view alphabet(QuestionFormat format) {
  switch (format) {
    case QuestionFormat::alphanumeric:
      return kAlphanumeric;
    case QuestionFormat::numeric:
      return kDigits;
    case QuestionFormat::hexadecimal:
      return kHexDigits;
  }
  return {};
}

const EVP_MD* digest(OcraHash hash) {
  switch (hash) {
    case OcraHash::sha1:
      return EVP_sha1();
    case OcraHash::sha256:
      return EVP_sha256();
    case OcraHash::sha512:
      return EVP_sha512();
  }
  return nullptr;
}

// A decimal number of any length as hex digits without leading zeros ("0" is one digit).
std::string decimal_to_hex(std::string_view decimal) {
  std::vector<unsigned> nibbles{0};  // lowest first
  for (const char digit : decimal) {
    unsigned carry = static_cast<unsigned>(digit - '0');
    for (auto& nibble : nibbles) {
      carry += nibble * 10;
      nibble = carry % 16;
      carry /= 16;
    }
    for (; carry > 0; carry /= 16) nibbles.push_back(carry % 16);
  }
  while (nibbles.size() > 1 && nibbles.back() == 0) nibbles.pop_back();
  std::string hex;
  for (auto nibble = nibbles.rbegin(); nibble != nibbles.rend(); ++nibble) hex += "0123456789abcdef"[*nibble];
  return hex;
}

// Section 5.1 and the reference implementation: the value stands at the left, zeros fill it up to 128 bytes;
// a number with an odd count of hex digits therefore ends in the middle of a byte.
Result<std::string> encode_question(const OcraSuite& suite, const std::string& question) {
  std::string bytes;
  switch (suite.question_format()) {
    case QuestionFormat::alphanumeric:
      bytes = question;
      break;
    case QuestionFormat::hexadecimal: {
      ASSIGN_OR_RETURN(bytes, from_hex(question));
      break;
    }
    case QuestionFormat::numeric: {
      auto hex = decimal_to_hex(question);
      if (hex.size() % 2 != 0) hex += '0';
      ASSIGN_OR_RETURN(bytes, from_hex(hex));
      break;
    }
  }
  our_bug(bytes.size() > kQuestionBytes, "OCRA question longer than its place");
  bytes.resize(kQuestionBytes, '\0');
  return bytes;
}

std::string eight_bytes(std::uint64_t value) {
  ByteWriter writer;
  writer.u64(value);
  return std::move(writer).take();
}

Result<Secret> pin_hash_of(OcraHash hash, const OcraInput& input) {
  const auto size = static_cast<std::size_t>(EVP_MD_get_size(digest(hash)));
  if (input.pin_hash.empty()) return hash_pin(hash, input.pin);
  if (input.pin_hash.size() != size) return fail("the PIN's hash must be {} bytes long", size);
  return input.pin_hash.clone();
}

Result<std::string> padded_session(std::size_t length, const OcraInput& input) {
  if (!input.session_information) return fail("the suite needs session information");
  const auto& text = *input.session_information;
  if (text.size() > length) return fail("session information is longer than {} bytes", length);
  return std::string(length - text.size(), '\0') + text;
}

Done check_presence(const OcraSuite& suite, const OcraInput& input) {
  if (input.counter.has_value() != suite.has_counter())
    return fail("the suite {} a counter", suite.has_counter() ? "needs" : "does not have");
  if (input.time_step.has_value() != suite.time_step().has_value())
    return fail("the suite {} a time step", suite.time_step() ? "needs" : "does not have");
  if (!suite.pin_hash() && !(input.pin.empty() && input.pin_hash.empty()))
    return fail("the suite has no PIN");
  if (!input.pin.empty() && !input.pin_hash.empty()) return fail("a PIN and a PIN's hash exclude each other");
  if (!suite.session_length() && input.session_information)
    return fail("the suite has no session information");
  return {};
}

// DataInput of section 5.1: suite | 00 | C | Q | P | S | T.
Result<Secret> data_input(const OcraSuite& suite, const OcraInput& input) {
  RETURN_IF_ERROR(check_presence(suite, input));
  RETURN_IF_ERROR(check_question(suite, input.question));
  if (!input.second_question.empty()) RETURN_IF_ERROR(check_question(suite, input.second_question));

  std::string data;
  data.reserve(1024);  // never moved, so that no copy of the PIN's hash stays behind
  data += suite.text() + '\0';
  if (suite.has_counter()) data += eight_bytes(*input.counter);
  ASSIGN_OR_RETURN(const auto question, encode_question(suite, input.question + input.second_question));
  data += question;
  if (const auto hash = suite.pin_hash()) {
    ASSIGN_OR_RETURN(const auto pin, pin_hash_of(*hash, input));
    data += pin.reveal();
  }
  if (const auto length = suite.session_length()) {
    ASSIGN_OR_RETURN(const auto session, padded_session(*length, input));
    data += session;
  }
  if (suite.time_step()) data += eight_bytes(*input.time_step);
  return Secret::taking(std::move(data));
}

// Dynamic truncation, RFC 4226 section 5.3.
std::string truncate(std::string_view mac, int digits) {
  if (digits == 0) return to_hex(mac);
  const auto offset = static_cast<std::size_t>(mac.back() & 0x0f);
  std::uint64_t value = 0;
  for (const char byte : mac.substr(offset, 4)) value = value << 8 | static_cast<unsigned char>(byte);
  value &= 0x7fffffff;
  std::uint64_t modulus = 1;
  for (int i = 0; i < digits; ++i) modulus *= 10;
  return fmt::format("{:0{}}", value % modulus, digits);
}

}  // namespace

Result<Secret> hash_pin(OcraHash hash, const Secret& pin) {
  if (pin.empty()) return fail("the suite needs a PIN");
  std::string out(static_cast<std::size_t>(EVP_MD_get_size(digest(hash))), '\0');
  const auto text = pin.reveal();
  if (EVP_Digest(text.data(), text.size(), reinterpret_cast<unsigned char*>(out.data()), nullptr,
                 digest(hash), nullptr) != 1)
    return fail("hashing the PIN");
  return Secret::taking(std::move(out));
}

Done check_question(const OcraSuite& suite, std::string_view question) {
  if (question.empty()) return fail("the question is empty");
  if (question.size() > suite.question_length())
    return fail("the question is longer than {} characters", suite.question_length());
  if (question.find_first_not_of(alphabet(suite.question_format())) != std::string_view::npos)
    return fail("the question has characters that {} does not allow", suite.text());
  if (suite.question_format() == QuestionFormat::hexadecimal && question.size() % 2 != 0)
    return fail("the question has an odd number of hex digits");
  return {};
}

std::uint64_t time_step_at(const OcraSuite& suite, std::chrono::seconds since_1970) {
  our_bug(!suite.time_step() || since_1970.count() < 0, "time step of a suite without time");
  return static_cast<std::uint64_t>(since_1970 / *suite.time_step());
}

Result<std::string> ocra(const OcraSuite& suite, const Secret& key, const OcraInput& input) {
  if (key.empty()) return fail("the OCRA key is empty");
  ASSIGN_OR_RETURN(const auto data, data_input(suite, input));
  std::array<unsigned char, EVP_MAX_MD_SIZE> mac{};
  unsigned int size = 0;
  const auto message = data.reveal();
  const auto* done =
      HMAC(digest(suite.hash()), key.reveal().data(), static_cast<int>(key.size()),
           reinterpret_cast<const unsigned char*>(message.data()), message.size(), mac.data(), &size);
  if (done == nullptr) return fail("computing an HMAC");
  return truncate({reinterpret_cast<const char*>(mac.data()), size}, suite.digits());
}

}  // namespace sallyport
