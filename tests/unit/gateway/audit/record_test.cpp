// The spelling of a record: one per content, and nothing else is accepted. Runs in: tests.
#include "gateway/audit/record.h"

#include "base/sha256.h"
#include "tests/catch.h"

using namespace sallyport;
using nlohmann::json;

namespace {

const WallTime kTime = from_rfc3339("2026-03-01T10:20:30.000004Z").value();
const std::string kZeros(64, '0');

std::string line_with(const json& fields) { return to_line(7, kTime, kZeros, {"grant.enabled", fields}); }

// The line again, with a hash that fits what it says.
std::string rehashed(std::string text) {
  auto object = json::parse(text);
  object.erase("hash");
  const auto hash = Sha256::hex_of(object.dump());
  object["hash"] = hash;
  return object.dump();
}

}  // namespace

TEST_CASE("a record is one line with sorted keys and the hash of the rest") {
  const auto line = line_with({{"rep", "ann"}, {"grant", "g-1"}});
  CHECK(line.find("{\"event\":\"grant.enabled\",\"grant\":\"g-1\",\"hash\":\"") == 0);
  CHECK(line.find("\"prev\":\"" + kZeros +
                  "\",\"rep\":\"ann\",\"seq\":7,\"time\":\"2026-03-01T10:20:30.000004Z\"}") != line.npos);
  const auto record = parse_line(line);
  REQUIRE(record);
  CHECK(record->seq == 7);
  CHECK(record->time == kTime);
  CHECK(record->event == "grant.enabled");
  CHECK(record->prev == kZeros);
  CHECK(record->fields == json{{"rep", "ann"}, {"grant", "g-1"}});
}

TEST_CASE("whatever the bytes of a field, the record is written and read back") {
  std::string bytes;
  for (int c = 0; c < 256; ++c) bytes += static_cast<char>(c);
  for (const std::string& text : {bytes, std::string{"\xff\xfe"}, std::string{"\xc3"}, std::string{"a\0b", 3},
                                  std::string{"\xed\xa0\x80"}}) {
    const auto line = line_with({{"reason", text}});
    const auto record = parse_line(line);
    REQUIRE(record);
    CHECK(line.find('\n') == line.npos);
    CHECK(line.find('\x7f') == line.npos);
  }
}

TEST_CASE("numbers that readers disagree about are written as text") {
  const auto record =
      parse_line(line_with({{"a", 0.5}, {"b", std::uint64_t{1} << 53}, {"c", (std::int64_t{1} << 53) - 1}}));
  REQUIRE(record);
  CHECK(record->fields["a"] == "0.5");
  CHECK(record->fields["b"] == "9007199254740992");
  CHECK(record->fields["c"] == 9007199254740991);
}

TEST_CASE("a line that a journal would not write is refused, even when its hash fits") {
  const auto line = line_with({{"n", 1}, {"text", "x"}});
  const auto with = [&](const std::string& from, const std::string& to) {
    auto changed = line;
    changed.replace(changed.find(from), from.size(), to);
    return changed;
  };
  CHECK_FALSE(parse_line(""));
  CHECK_FALSE(parse_line("null"));
  CHECK_FALSE(parse_line("[]"));
  CHECK_FALSE(parse_line(line + " "));
  CHECK_FALSE(parse_line(" " + line));
  CHECK_FALSE(parse_line(line + line));
  CHECK_FALSE(parse_line(with("\"n\":1", "\"n\":1 ")));
  CHECK_FALSE(parse_line(with("\"n\":1", "\"n\":2,\"n\":1")));
  CHECK_FALSE(parse_line(with("\"x\"", "\"\\u0078\"")));
  CHECK_FALSE(parse_line(with("\"x\"", "\"y\"")));
  CHECK_FALSE(parse_line(rehashed(with("\"n\":1", "\"n\":1.5"))));
  CHECK_FALSE(parse_line(rehashed(with("\"seq\":7", "\"seq\":\"7\""))));
  CHECK_FALSE(parse_line(rehashed(with("2026-03-01", "2026-02-30"))));
  CHECK_FALSE(parse_line(rehashed(with("\"event\":\"grant.enabled\",", ""))));
  CHECK(parse_line(rehashed(with("\"x\"", "\"y\""))));
}

TEST_CASE("a line cannot exhaust the reader") {
  CHECK_FALSE(parse_line(std::string(60000, '[')));
  std::string deep = "{\"a\":";
  for (int i = 0; i < 12000; ++i) deep += "{\"a\":";
  CHECK_FALSE(parse_line(deep));
  CHECK_FALSE(parse_line(line_with({{"text", std::string(kLongestLine, 'x')}})));
}

TEST_CASE("a hash member that stands elsewhere than the order of the keys puts it is refused") {
  auto line = line_with({{"rep", "ann"}});
  const auto at = line.find("\"hash\"");
  const auto member = line.substr(at, 8 + 64 + 2);
  line.erase(at, member.size());
  line.insert(1, member);
  CHECK_FALSE(parse_line(line));
}
