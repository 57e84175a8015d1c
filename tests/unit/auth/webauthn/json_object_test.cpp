// JSON read strictly: what is an object, and everything that only resembles one.
#include "auth/webauthn/json_object.h"

#include "auth/webauthn/client_data.h"
#include "tests/catch.h"

using namespace sallyport;

namespace {

std::string text_of(const char* json) { return read_json_object(json).value().at("a").text; }

}  // namespace

TEST_CASE("an object's members are read, whatever stands beside them") {
  const auto read = read_json_object(
      " {\"text\" : \"v\" ,\t\"yes\":true,\r\n\"no\":false,\"none\":null,\"number\":-1.5e+7,\"zero\":0,"
      "\"list\":[ ],\"lists\":[[1,\"x\"],{}],\"object\":{\"inner\":\"w\"}} ");
  REQUIRE(read);
  CHECK(read->size() == 9);
  CHECK(read->at("text").kind == JsonMember::Kind::text);
  CHECK(read->at("text").text == "v");
  CHECK(read->at("yes").kind == JsonMember::Kind::yes);
  CHECK(read->at("no").kind == JsonMember::Kind::no);
  CHECK(read->at("number").kind == JsonMember::Kind::other);
  CHECK(read->at("object").text == "{\"inner\":\"w\"}");
  CHECK(read_json_object("{}").value().empty());
}

TEST_CASE("escapes are what they mean") {
  CHECK(text_of(R"({"a":"\"\\\/\b\f\n\r\t"})") == "\"\\/\b\f\n\r\t");
  CHECK(text_of(R"({"a":"\u0041\u00e9\u20AC\ud83d\ude00"})") == "A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
  CHECK(text_of("{\"\\u0061\":\"\xc3\xa9\"}") == "\xc3\xa9");
}

TEST_CASE("what is no object, or could be read in two ways, is refused") {
  for (const std::string bad : {"",
                                " ",
                                "null",
                                "[]",
                                "\"a\"",
                                "{",
                                "}",
                                "{}}",
                                "{}{}",
                                "{} x",
                                "{,}",
                                "{\"a\"}",
                                "{\"a\":}",
                                "{\"a\":1,}",
                                "{\"a\":1 \"b\":2}",
                                "{a:1}",
                                "{'a':1}",
                                "{\"a\":01}",
                                "{\"a\":.5}",
                                "{\"a\":1.}",
                                "{\"a\":1e}",
                                "{\"a\":+1}",
                                "{\"a\":-}",
                                "{\"a\":tru}",
                                "{\"a\":truee}",
                                "{\"a\":NaN}",
                                "{\"a\":[1,]}",
                                "{\"a\":[1}",
                                "{\"a\":\"b}",
                                "{\"a\":\"\\x\"}",
                                "{\"a\":\"\\u12\"}",
                                "{\"a\":\"\\ud800\"}",
                                "{\"a\":\"\\ud800\\u0041\"}",
                                "{\"a\":\"\\udc00\"}",
                                "{\"a\":\"\n\"}",
                                "{\"a\":\"\xff\"}",
                                "{\"a\":\"\xc0\x80\"}",
                                "\xef\xbb\xbf{}",
                                "{\"a\":1,\"a\":1}",
                                "{\"a\":1,\"\\u0061\":1}",
                                "{\"b\":{\"a\":1,\"a\":1}}",
                                "{/**/}",
                                "{\"a\":1}//"})
    CHECK_FALSE(read_json_object(bad));
  CHECK_FALSE(read_json_object(std::string{"{\"a\":\"\0\"}", 9}));
  CHECK_FALSE(read_json_object(std::string{"{}\0", 3}));
}

TEST_CASE("nesting has an end") {
  const auto nested = [](int levels) {
    return "{\"a\":" + std::string(static_cast<std::size_t>(levels), '[') +
           std::string(static_cast<std::size_t>(levels), ']') + "}";
  };
  CHECK(read_json_object(nested(kDeepestJson - 1)));
  CHECK_FALSE(read_json_object(nested(kDeepestJson)));
  CHECK_FALSE(read_json_object(nested(100'000)));
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += "{\"a\":";
  CHECK_FALSE(read_json_object(deep));
}

TEST_CASE("client data in another order and with spaces is the same") {
  const ExpectedClientData expected{std::string_view{"0123456789abcdef0123456789abcdef"},
                                    "https://gate.example.com"};
  const std::string good =
      "{ \"origin\":\"https:\\/\\/gate.example.com\", \"challenge\" : "
      "\"MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY\","
      "\"type\":\"webauthn.get\"}";
  CHECK(check_client_data(good, expected));
  CHECK(check_client_data(good + std::string(kLongestClientData - good.size(), ' '), expected));
  CHECK_FALSE(check_client_data(good + std::string(kLongestClientData + 1 - good.size(), ' '), expected));
  CHECK_FALSE(check_client_data("{}", expected));
  CHECK_FALSE(check_client_data("{\"type\":\"webauthn.get\"}", expected));
}
