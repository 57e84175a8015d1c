// How answers are printed. Runs in: unit tests.
#include "auth/respond/output.h"

#include "auth/respond/signature_answer.h"
#include "tests/catch.h"

using namespace sallyport;

TEST_CASE("a signature is cut into parts that OpenSSH's client takes") {
  CHECK(cut_in_parts(std::string(1000, 'a')).size() == 1);
  const auto parts = cut_in_parts(std::string(1000, 'a') + "b");
  REQUIRE(parts.size() == 2);
  CHECK(parts[0].size() == 1000);
  CHECK(parts[1] == "b");
}

TEST_CASE("a response is printed in groups, a signature in lines that are an answer each") {
  CHECK(lines_of(Answer{{"48219930"}}) == std::vector<std::string>{"4821 9930"});
  const auto lines = lines_of(Answer{cut_in_parts(std::string(1600, 'a'))});
  REQUIRE(lines.size() == 2);
  std::string all;
  for (const auto& line : lines) {
    CHECK(line.size() <= kSignaturePartLength);
    CHECK(line.substr(0, 9) == "aaaaaaaa ");
    for (const char c : line)
      if (c != ' ') all += c;
  }
  CHECK(all == std::string(1600, 'a'));
}

TEST_CASE("JSON is valid whatever the text holds") {
  CHECK(json_string("a\"b\\c\n\x1b\x7f") == R"("a\"b\\c\u000a\u001b\u007f")");
  CHECK(json_string("gr\xc3\xbc\xc3\x9f") == "\"gr\xc3\xbc\xc3\x9f\"");
  CHECK(json_string("\xff") == "\"\xef\xbf\xbd\"");
  CHECK(to_json({{"a", "b"}, {"c", std::vector<std::string>{"d", "e"}}}) == R"({"a":"b","c":["d","e"]})");
}
