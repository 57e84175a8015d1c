// The test vectors of RFC 6287, Appendix C, as printed there, and what ocra() refuses.
#include "auth/ocra.h"

#include "base/encoding.h"
#include "tests/catch.h"

using namespace sallyport;

namespace {

constexpr std::string_view kKey20 = "12345678901234567890";
constexpr std::string_view kKey32 = "12345678901234567890123456789012";
constexpr std::string_view kKey64 = "1234567890123456789012345678901234567890123456789012345678901234";
constexpr std::uint64_t kRfcTime = 0x132d0b6;  // 25 March 2008, 12:06:30 GMT, in minutes

enum class Uses { question, question_pin, counter, counter_pin, time };

struct Vector {
  std::string_view suite, key;
  Uses uses;
  std::uint64_t counter;
  std::string_view question, response;
};

constexpr std::string_view kOneWay1 = "OCRA-1:HOTP-SHA1-6:QN08";
constexpr std::string_view kOneWay2 = "OCRA-1:HOTP-SHA256-8:C-QN08-PSHA1";
constexpr std::string_view kOneWay3 = "OCRA-1:HOTP-SHA256-8:QN08-PSHA1";
constexpr std::string_view kOneWay4 = "OCRA-1:HOTP-SHA512-8:C-QN08";
constexpr std::string_view kOneWay5 = "OCRA-1:HOTP-SHA512-8:QN08-T1M";
constexpr std::string_view kMutual1 = "OCRA-1:HOTP-SHA256-8:QA08";
constexpr std::string_view kMutual2 = "OCRA-1:HOTP-SHA512-8:QA08";
constexpr std::string_view kMutual2Client = "OCRA-1:HOTP-SHA512-8:QA08-PSHA1";
constexpr std::string_view kSignature2 = "OCRA-1:HOTP-SHA512-8:QA10-T1M";

constexpr Vector kVectors[] = {
    // C.1 One-way challenge response
    {kOneWay1, kKey20, Uses::question, 0, "00000000", "237653"},
    {kOneWay1, kKey20, Uses::question, 0, "11111111", "243178"},
    {kOneWay1, kKey20, Uses::question, 0, "22222222", "653583"},
    {kOneWay1, kKey20, Uses::question, 0, "33333333", "740991"},
    {kOneWay1, kKey20, Uses::question, 0, "44444444", "608993"},
    {kOneWay1, kKey20, Uses::question, 0, "55555555", "388898"},
    {kOneWay1, kKey20, Uses::question, 0, "66666666", "816933"},
    {kOneWay1, kKey20, Uses::question, 0, "77777777", "224598"},
    {kOneWay1, kKey20, Uses::question, 0, "88888888", "750600"},
    {kOneWay1, kKey20, Uses::question, 0, "99999999", "294470"},

    {kOneWay2, kKey32, Uses::counter_pin, 0, "12345678", "65347737"},
    {kOneWay2, kKey32, Uses::counter_pin, 1, "12345678", "86775851"},
    {kOneWay2, kKey32, Uses::counter_pin, 2, "12345678", "78192410"},
    {kOneWay2, kKey32, Uses::counter_pin, 3, "12345678", "71565254"},
    {kOneWay2, kKey32, Uses::counter_pin, 4, "12345678", "10104329"},
    {kOneWay2, kKey32, Uses::counter_pin, 5, "12345678", "65983500"},
    {kOneWay2, kKey32, Uses::counter_pin, 6, "12345678", "70069104"},
    {kOneWay2, kKey32, Uses::counter_pin, 7, "12345678", "91771096"},
    {kOneWay2, kKey32, Uses::counter_pin, 8, "12345678", "75011558"},
    {kOneWay2, kKey32, Uses::counter_pin, 9, "12345678", "08522129"},

    {kOneWay3, kKey32, Uses::question_pin, 0, "00000000", "83238735"},
    {kOneWay3, kKey32, Uses::question_pin, 0, "11111111", "01501458"},
    {kOneWay3, kKey32, Uses::question_pin, 0, "22222222", "17957585"},
    {kOneWay3, kKey32, Uses::question_pin, 0, "33333333", "86776967"},
    {kOneWay3, kKey32, Uses::question_pin, 0, "44444444", "86807031"},

    {kOneWay4, kKey64, Uses::counter, 0, "00000000", "07016083"},
    {kOneWay4, kKey64, Uses::counter, 1, "11111111", "63947962"},
    {kOneWay4, kKey64, Uses::counter, 2, "22222222", "70123924"},
    {kOneWay4, kKey64, Uses::counter, 3, "33333333", "25341727"},
    {kOneWay4, kKey64, Uses::counter, 4, "44444444", "33203315"},
    {kOneWay4, kKey64, Uses::counter, 5, "55555555", "34205738"},
    {kOneWay4, kKey64, Uses::counter, 6, "66666666", "44343969"},
    {kOneWay4, kKey64, Uses::counter, 7, "77777777", "51946085"},
    {kOneWay4, kKey64, Uses::counter, 8, "88888888", "20403879"},
    {kOneWay4, kKey64, Uses::counter, 9, "99999999", "31409299"},

    {kOneWay5, kKey64, Uses::time, 0, "00000000", "95209754"},
    {kOneWay5, kKey64, Uses::time, 0, "11111111", "55907591"},
    {kOneWay5, kKey64, Uses::time, 0, "22222222", "22048402"},
    {kOneWay5, kKey64, Uses::time, 0, "33333333", "24218844"},
    {kOneWay5, kKey64, Uses::time, 0, "44444444", "36209546"},

    // C.2 Mutual challenge response: the server's computation, then the client's
    {kMutual1, kKey32, Uses::question, 0, "CLI22220SRV11110", "28247970"},
    {kMutual1, kKey32, Uses::question, 0, "CLI22221SRV11111", "01984843"},
    {kMutual1, kKey32, Uses::question, 0, "CLI22222SRV11112", "65387857"},
    {kMutual1, kKey32, Uses::question, 0, "CLI22223SRV11113", "03351211"},
    {kMutual1, kKey32, Uses::question, 0, "CLI22224SRV11114", "83412541"},
    {kMutual1, kKey32, Uses::question, 0, "SRV11110CLI22220", "15510767"},
    {kMutual1, kKey32, Uses::question, 0, "SRV11111CLI22221", "90175646"},
    {kMutual1, kKey32, Uses::question, 0, "SRV11112CLI22222", "33777207"},
    {kMutual1, kKey32, Uses::question, 0, "SRV11113CLI22223", "95285278"},
    {kMutual1, kKey32, Uses::question, 0, "SRV11114CLI22224", "28934924"},

    {kMutual2, kKey64, Uses::question, 0, "CLI22220SRV11110", "79496648"},
    {kMutual2, kKey64, Uses::question, 0, "CLI22221SRV11111", "76831980"},
    {kMutual2, kKey64, Uses::question, 0, "CLI22222SRV11112", "12250499"},
    {kMutual2, kKey64, Uses::question, 0, "CLI22223SRV11113", "90856481"},
    {kMutual2, kKey64, Uses::question, 0, "CLI22224SRV11114", "12761449"},
    {kMutual2Client, kKey64, Uses::question_pin, 0, "SRV11110CLI22220", "18806276"},
    {kMutual2Client, kKey64, Uses::question_pin, 0, "SRV11111CLI22221", "70020315"},
    {kMutual2Client, kKey64, Uses::question_pin, 0, "SRV11112CLI22222", "01600026"},
    {kMutual2Client, kKey64, Uses::question_pin, 0, "SRV11113CLI22223", "18951020"},
    {kMutual2Client, kKey64, Uses::question_pin, 0, "SRV11114CLI22224", "32528969"},

    // C.3 Plain signature
    {kMutual1, kKey32, Uses::question, 0, "SIG10000", "53095496"},
    {kMutual1, kKey32, Uses::question, 0, "SIG11000", "04110475"},
    {kMutual1, kKey32, Uses::question, 0, "SIG12000", "31331128"},
    {kMutual1, kKey32, Uses::question, 0, "SIG13000", "76028668"},
    {kMutual1, kKey32, Uses::question, 0, "SIG14000", "46554205"},
    {kSignature2, kKey64, Uses::time, 0, "SIG1000000", "77537423"},
    {kSignature2, kKey64, Uses::time, 0, "SIG1100000", "31970405"},
    {kSignature2, kKey64, Uses::time, 0, "SIG1200000", "10235557"},
    {kSignature2, kKey64, Uses::time, 0, "SIG1300000", "95213541"},
    {kSignature2, kKey64, Uses::time, 0, "SIG1400000", "65360607"},
};
static_assert(std::size(kVectors) == 70);

OcraInput input_of(const Vector& vector) {
  OcraInput input;
  const bool mutual = vector.question.size() == 16;
  input.question = vector.question.substr(0, mutual ? 8 : vector.question.size());
  input.second_question = mutual ? vector.question.substr(8) : "";
  if (vector.uses == Uses::counter || vector.uses == Uses::counter_pin) input.counter = vector.counter;
  if (vector.uses == Uses::question_pin || vector.uses == Uses::counter_pin) input.pin = Secret{"1234"};
  if (vector.uses == Uses::time) input.time_step = kRfcTime;
  return input;
}

Result<std::string> compute(std::string_view suite, const OcraInput& input, std::string_view key = kKey32) {
  return ocra(OcraSuite::parse(suite).value(), Secret{key}, input);
}

OcraInput asking(std::string_view question) {
  OcraInput input;
  input.question = question;
  return input;
}

}  // namespace

TEST_CASE("every vector of RFC 6287 Appendix C is met") {
  for (const auto& vector : kVectors) {
    INFO(vector.suite << " " << vector.counter << " " << vector.question);
    CHECK(compute(vector.suite, input_of(vector), vector.key).value() == vector.response);
  }
}

TEST_CASE("a PIN's hash serves as well as the PIN") {
  auto input = asking("00000000");
  input.pin_hash = Secret{from_hex("7110eda4d09e062aa5e4a390b0a572ac0d2c0220").value()};
  CHECK(compute(kOneWay3, input).value() == "83238735");
  SECTION("but not of another length") {
    input.pin_hash = Secret{"short"};
    CHECK_FALSE(compute(kOneWay3, input));
  }
  SECTION("nor together with a PIN") {
    input.pin = Secret{"1234"};
    CHECK_FALSE(compute(kOneWay3, input));
  }
}

TEST_CASE("an input that the suite names must be there, another must not") {
  OcraInput all = asking("12345678");
  all.counter = 1;
  all.pin = Secret{"1234"};
  all.session_information = "gate";
  all.time_step = 1;
  const auto with = [&](auto change) {
    OcraInput copy = asking("12345678");
    copy.counter = all.counter;
    copy.pin = all.pin.clone();
    copy.session_information = all.session_information;
    copy.time_step = all.time_step;
    change(copy);
    return compute("OCRA-1:HOTP-SHA256-8:C-QN08-PSHA256-S064-T1M", copy).has_value();
  };
  CHECK(with([](OcraInput&) {}));
  CHECK_FALSE(with([](OcraInput& i) { i.counter.reset(); }));
  CHECK_FALSE(with([](OcraInput& i) { i.pin = Secret{}; }));
  CHECK_FALSE(with([](OcraInput& i) { i.session_information.reset(); }));
  CHECK_FALSE(with([](OcraInput& i) { i.session_information = std::string(65, 'x'); }));
  CHECK_FALSE(with([](OcraInput& i) { i.time_step.reset(); }));
  CHECK_FALSE(with([](OcraInput& i) { i.question.clear(); }));

  const auto without = [](auto change) {
    OcraInput input = asking("12345678");
    change(input);
    return compute("OCRA-1:HOTP-SHA256-8:QN08", input).has_value();
  };
  CHECK(without([](OcraInput&) {}));
  CHECK_FALSE(without([](OcraInput& i) { i.counter = 0; }));
  CHECK_FALSE(without([](OcraInput& i) { i.pin = Secret{"1"}; }));
  CHECK_FALSE(without([](OcraInput& i) { i.session_information = ""; }));
  CHECK_FALSE(without([](OcraInput& i) { i.time_step = 0; }));
}

TEST_CASE("each input changes the response") {
  OcraInput input = asking("ABCDEF12");
  input.session_information = "gate-1";
  const auto suite = "OCRA-1:HOTP-SHA256-8:QH08-S064";
  const auto first = compute(suite, input).value();
  input.session_information = "gate-2";
  CHECK(compute(suite, input).value() != first);
}

TEST_CASE("a question outside its format is refused") {
  CHECK_FALSE(compute("OCRA-1:HOTP-SHA256-8:QN08", asking("1234567a")));
  CHECK_FALSE(compute("OCRA-1:HOTP-SHA256-8:QN08", asking("123456789")));
  CHECK_FALSE(compute("OCRA-1:HOTP-SHA256-8:QN08", asking("-1")));
  CHECK_FALSE(compute("OCRA-1:HOTP-SHA256-8:QA08", asking("AB CD")));
  CHECK_FALSE(compute("OCRA-1:HOTP-SHA256-8:QH08", asking("ABCDEFG0")));
  CHECK_FALSE(compute("OCRA-1:HOTP-SHA256-8:QH08", asking("ABC")));
  CHECK(compute("OCRA-1:HOTP-SHA256-8:QH08", asking("abcd")).value() ==
        compute("OCRA-1:HOTP-SHA256-8:QH08", asking("ABCD")).value());
}

TEST_CASE("the longest questions have room, two of them too") {
  OcraInput input = asking(std::string(64, '9'));
  input.second_question = std::string(64, '9');
  CHECK(compute("OCRA-1:HOTP-SHA256-8:QN64", input));
  CHECK(compute("OCRA-1:HOTP-SHA256-8:QA64", input));
  CHECK(compute("OCRA-1:HOTP-SHA256-8:QH64", input));
}

TEST_CASE("the number of digits is kept, leading zeros included") {
  CHECK(compute("OCRA-1:HOTP-SHA1-4:QN08", asking("00000000"), kKey20).value().size() == 4);
  CHECK(compute("OCRA-1:HOTP-SHA1-10:QN08", asking("00000000"), kKey20).value().size() == 10);
  CHECK(compute("OCRA-1:HOTP-SHA1-0:QN08", asking("00000000"), kKey20).value().size() == 40);
  CHECK(compute("OCRA-1:HOTP-SHA512-0:QN08", asking("00000000"), kKey20).value().size() == 128);
}

TEST_CASE("an empty key is refused") { CHECK_FALSE(compute("OCRA-1:HOTP-SHA1-6:QN08", asking("1"), "")); }

TEST_CASE("time falls into whole steps") {
  const auto suite = OcraSuite::parse("OCRA-1:HOTP-SHA512-8:QN08-T1M").value();
  CHECK(time_step_at(suite, std::chrono::seconds{1206446790}) == kRfcTime);
  CHECK(time_step_at(suite, std::chrono::seconds{59}) == 0);
  CHECK(time_step_at(suite, std::chrono::seconds{60}) == 1);
}
