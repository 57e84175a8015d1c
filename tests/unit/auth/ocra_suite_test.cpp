// The grammar of OCRA suites, RFC 6287 section 6.
#include "auth/ocra_suite.h"

#include "tests/catch.h"

using namespace sallyport;

TEST_CASE("a suite with everything is read") {
  const auto suite = OcraSuite::parse("OCRA-1:HOTP-SHA512-8:C-QH10-PSHA256-S128-T48H");
  REQUIRE(suite);
  CHECK(suite->text() == "OCRA-1:HOTP-SHA512-8:C-QH10-PSHA256-S128-T48H");
  CHECK(suite->hash() == OcraHash::sha512);
  CHECK(suite->digits() == 8);
  CHECK(suite->has_counter());
  CHECK(suite->question_format() == QuestionFormat::hexadecimal);
  CHECK(suite->question_length() == 10);
  CHECK(suite->pin_hash() == OcraHash::sha256);
  CHECK(suite->session_length() == 128u);
  CHECK(suite->time_step() == std::chrono::hours{48});
}

TEST_CASE("the default suite asks a question and nothing else") {
  const auto suite = OcraSuite::parse(kDefaultOcraSuite);
  REQUIRE(suite);
  CHECK_FALSE(suite->has_counter());
  CHECK_FALSE(suite->pin_hash());
  CHECK_FALSE(suite->session_length());
  CHECK_FALSE(suite->time_step());
}

TEST_CASE("what the grammar allows is accepted") {
  const auto* const text = GENERATE(
      "OCRA-1:HOTP-SHA1-0:QN04", "OCRA-1:HOTP-SHA1-4:QN64", "OCRA-1:HOTP-SHA256-10:QA04",
      "OCRA-1:HOTP-SHA1-6:C-QN08", "OCRA-1:HOTP-SHA1-6:QN08-PSHA1", "OCRA-1:HOTP-SHA1-6:QN08-PSHA512",
      "OCRA-1:HOTP-SHA1-6:QN08-S064", "OCRA-1:HOTP-SHA1-6:QN08-S512", "OCRA-1:HOTP-SHA1-6:QN08-T1S",
      "OCRA-1:HOTP-SHA1-6:QN08-T59M", "OCRA-1:HOTP-SHA1-6:QN08-T1H", "OCRA-1:HOTP-SHA1-6:QN08-S064-T30S",
      "OCRA-1:HOTP-SHA1-6:QN08-PSHA1-T30S");
  INFO(text);
  CHECK(OcraSuite::parse(text));
}

TEST_CASE("what the grammar does not allow is refused") {
  const auto* const text = GENERATE(
      "", "OCRA-1", "OCRA-1:", "OCRA-1:HOTP-SHA1-6", "OCRA-1:HOTP-SHA1-6:", "OCRA-2:HOTP-SHA1-6:QN08",
      "ocra-1:HOTP-SHA1-6:QN08", "OCRA-1:hotp-SHA1-6:QN08", "OCRA-1:HOTP-sha1-6:QN08",
      "OCRA-1:HOTP-SHA1-6:qn08", "OCRA-1:HOTP-SHA1-6:Qn08", "OCRA-1:HOTP-SHA1-6:QN08-t1m",
      "OCRA-1:HOTP-SHA1-6:QN08-T1m", "OCRA-1:HOTP-SHA1-6:QN08-pSHA1", "OCRA-1:HOTP-SHA1-6:c-QN08",
      " OCRA-1:HOTP-SHA1-6:QN08", "OCRA-1:HOTP-SHA1-6:QN08 ",
      "OCRA-1:HOTP-SHA1-6:QN08:", "OCRA-1:HOTP-SHA1-6:QN08:T1M",
      // the function
      "OCRA-1:TOTP-SHA1-6:QN08", "OCRA-1:HOTP-SHA384-6:QN08", "OCRA-1:HOTP-SHA-1-6:QN08",
      "OCRA-1:HOTP-MD5-6:QN08", "OCRA-1:HOTP-SHA1:QN08", "OCRA-1:HOTP-SHA1-:QN08", "OCRA-1:HOTP-SHA1-1:QN08",
      "OCRA-1:HOTP-SHA1-3:QN08", "OCRA-1:HOTP-SHA1-11:QN08", "OCRA-1:HOTP-SHA1-06:QN08",
      "OCRA-1:HOTP-SHA1-00:QN08", "OCRA-1:HOTP-SHA1-+6:QN08", "OCRA-1:HOTP-SHA1--6:QN08",
      "OCRA-1:HOTP-SHA1-6-:QN08", "OCRA-1:HOTP-SHA1-99999999999999999999:QN08",
      // the question
      "OCRA-1:HOTP-SHA1-6:C", "OCRA-1:HOTP-SHA1-6:C-", "OCRA-1:HOTP-SHA1-6:Q", "OCRA-1:HOTP-SHA1-6:Q08",
      "OCRA-1:HOTP-SHA1-6:QN", "OCRA-1:HOTP-SHA1-6:QN8", "OCRA-1:HOTP-SHA1-6:QN008",
      "OCRA-1:HOTP-SHA1-6:QN03", "OCRA-1:HOTP-SHA1-6:QN65", "OCRA-1:HOTP-SHA1-6:QX08",
      "OCRA-1:HOTP-SHA1-6:QN0x", "OCRA-1:HOTP-SHA1-6:QN+8", "OCRA-1:HOTP-SHA1-6:T1M",
      "OCRA-1:HOTP-SHA1-6:PSHA1", "OCRA-1:HOTP-SHA1-6:C-C-QN08",
      // the order, and things twice
      "OCRA-1:HOTP-SHA1-6:QN08-C", "OCRA-1:HOTP-SHA1-6:QN08-QN08", "OCRA-1:HOTP-SHA1-6:QN08-S064-PSHA1",
      "OCRA-1:HOTP-SHA1-6:QN08-T1M-S064", "OCRA-1:HOTP-SHA1-6:QN08-T1M-PSHA1",
      "OCRA-1:HOTP-SHA1-6:QN08-PSHA1-PSHA1", "OCRA-1:HOTP-SHA1-6:QN08-S064-S064",
      "OCRA-1:HOTP-SHA1-6:QN08-T1M-T1M", "OCRA-1:HOTP-SHA1-6:QN08-", "OCRA-1:HOTP-SHA1-6:QN08--T1M",
      "OCRA-1:HOTP-SHA1-6:-QN08", "OCRA-1:HOTP-SHA1-6:QN08-X",
      // PIN, session, time
      "OCRA-1:HOTP-SHA1-6:QN08-P", "OCRA-1:HOTP-SHA1-6:QN08-PSHA384", "OCRA-1:HOTP-SHA1-6:QN08-S",
      "OCRA-1:HOTP-SHA1-6:QN08-S6", "OCRA-1:HOTP-SHA1-6:QN08-S64", "OCRA-1:HOTP-SHA1-6:QN08-S0064",
      "OCRA-1:HOTP-SHA1-6:QN08-S000", "OCRA-1:HOTP-SHA1-6:QN08-S513", "OCRA-1:HOTP-SHA1-6:QN08-S06x",
      "OCRA-1:HOTP-SHA1-6:QN08-T", "OCRA-1:HOTP-SHA1-6:QN08-TM", "OCRA-1:HOTP-SHA1-6:QN08-T1",
      "OCRA-1:HOTP-SHA1-6:QN08-T0H", "OCRA-1:HOTP-SHA1-6:QN08-T0S", "OCRA-1:HOTP-SHA1-6:QN08-T0M",
      "OCRA-1:HOTP-SHA1-6:QN08-T01M", "OCRA-1:HOTP-SHA1-6:QN08-T60S", "OCRA-1:HOTP-SHA1-6:QN08-T60M",
      "OCRA-1:HOTP-SHA1-6:QN08-T49H", "OCRA-1:HOTP-SHA1-6:QN08-T1D", "OCRA-1:HOTP-SHA1-6:QN08-T-1M");
  INFO(text);
  CHECK_FALSE(OcraSuite::parse(text));
}

TEST_CASE("a refusal says what was expected") {
  const auto message = OcraSuite::parse("OCRA-1:HOTP-SHA1-6:QN08-T0H").error().message();
  CHECK(message.find("T1H to T48H") != std::string::npos);
  CHECK(message.find("T0H") != std::string::npos);
}

TEST_CASE("a NUL byte is not the end of a suite") {
  CHECK_FALSE(OcraSuite::parse(std::string_view{"OCRA-1:HOTP-SHA1-6:QN08\0", 24}));
}
