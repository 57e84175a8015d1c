// The quick check of a line agrees with the slow one on every line, whatever was done to it. Runs in: tests.
#include "gateway/audit/line_scan.h"

#include <random>

#include "gateway/audit/record.h"
#include "tests/catch.h"

using namespace sallyport;
using nlohmann::json;

namespace {

const std::string kZeros(64, '0');

std::vector<std::string> lines() {
  std::string bytes;
  for (int c = 0; c < 256; ++c) bytes += static_cast<char>(c);
  const auto time = from_rfc3339("2026-03-01T10:20:30.000004Z").value();
  const auto line = [&](const json& fields) { return to_line(7, time, kZeros, {"grant.enabled", fields}); };
  return {line(json::object()),
          line({{"reason", bytes}}),
          line({{"a", {1, -1, 0, nullptr, true, false, "x", json::object(), json::array()}}}),
          line({{"most", kLargestNumber}, {"least", -9007199254740991}, {"half", 0.5}}),
          line({{"wide",
                 "\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf\xf0\x90\x80\x80"
                 "\xf4\x8f\xbf\xbf"}}),
          line({{"\"", 1},
                {"\\", 2},
                {"\n", 3},
                {"\x01", 4},
                {"\x1f", 5},
                {"", 6},
                {"zz", {{"b", 1}, {"a", 2}}}})};
}

bool quick(std::string_view line, Sha256& hasher) {
  const auto view = scan_line(line);
  return view && is_hex_of(view->hash, hash_of(*view, hasher));
}

// With a hash that fits, so that nothing but the spelling can be wrong.
std::string rehashed(std::string text) {
  const auto at = text.find("\"hash\":\"");
  if (at == text.npos || at + 8 + 64 + 2 > text.size()) return text;
  auto body = text;
  body.erase(at, 8 + 64 + 2);
  text.replace(at + 8, 64, Sha256::hex_of(body));
  return text;
}

}  // namespace

TEST_CASE("the quick check finds the members of a line") {
  const auto line = lines()[1];
  const auto view = scan_line(line);
  REQUIRE(view);
  CHECK(view->seq == 7);
  CHECK(view->event == "grant.enabled");
  CHECK(view->prev == kZeros);
  CHECK(view->time == "2026-03-01T10:20:30.000004Z");
  CHECK(line.substr(view->hash_member, 8) == "\"hash\":\"");
  Sha256 hasher;
  for (const auto& each : lines()) {
    CHECK(quick(each, hasher));
    CHECK(rehashed(each) == each);
  }
}

TEST_CASE("quick and slow check agree on 60,000 lines that were tampered with and given a hash that fits") {
  std::mt19937 random{11};
  Sha256 hasher;
  const std::string pieces[] = {"\\u0000",
                                "\\u001f",
                                "\\u0041",
                                "\\/",
                                "\\b",
                                "\\u0008",
                                "\xed\xa0\x80",
                                "\xc0\x80",
                                "1e5",
                                "1.0",
                                "-0",
                                "00",
                                "-",
                                "[",
                                "]",
                                "{",
                                "}",
                                ",",
                                ":",
                                " ",
                                "\"",
                                "true",
                                "null",
                                "9007199254740992",
                                "\x7f",
                                "\t",
                                "\\",
                                "\xff",
                                "\"a\":1",
                                "[[",
                                "-1",
                                "\xf4\x90\x80\x80"};
  const auto originals = lines();
  int accepted = 0;
  for (int i = 0; i < 60'000; ++i) {
    auto line = originals[random() % originals.size()];
    for (auto n = random() % 3; n < 3; ++n) {
      const auto at = random() % line.size();
      switch (random() % 4) {
        case 0:
          line[at] = static_cast<char>(random() % 256);
          break;
        case 1:
          line.erase(at, 1 + random() % 3);
          break;
        case 2:
          line.insert(at, pieces[random() % std::size(pieces)]);
          break;
        default: {
          const auto from = random() % line.size();
          line.insert(at, line.substr(from, 1 + random() % 20));
        }
      }
      if (line.empty()) line = "{";
    }
    if (random() % 8 != 0) line = rehashed(line);
    const bool slow = parse_line(line).has_value();
    accepted += slow;
    INFO(line);
    REQUIRE(quick(line, hasher) == slow);
  }
  CHECK(accepted > 300);  // a text changed, and hashed again, is a record
}

TEST_CASE("nesting is bounded alike") {
  for (int depth = 12; depth < 20; ++depth) {
    const auto line =
        rehashed("{\"a\":" + std::string(static_cast<std::size_t>(depth), '[') +
                 std::string(static_cast<std::size_t>(depth), ']') + ",\"event\":\"x\",\"hash\":\"" + kZeros +
                 "\",\"prev\":\"" + kZeros + "\",\"seq\":1,\"time\":\"2026-03-01T10:20:30.000004Z\"}");
    Sha256 hasher;
    CHECK(quick(line, hasher) == parse_line(line).has_value());
    CHECK(quick(line, hasher) == (depth + 1 <= static_cast<int>(kDeepest)));
  }
}
