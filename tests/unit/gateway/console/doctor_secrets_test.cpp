// What doctor says of secrets at rest.
#include "gateway/console/doctor.h"
#include "tests/catch.h"

using namespace sallyport;

namespace {

const std::string kKey = "00112233445566aa";

StoredSecret sealed(const std::string& name, const std::string& key = kKey) { return {name, true, key}; }
StoredSecret plain(const std::string& name) { return {name, false, ""}; }

bool says(const Finding& finding, Verdict verdict, const std::string& text) {
  INFO(finding.text);
  CHECK(finding.text.find(text) != std::string::npos);
  CHECK(finding.fix.empty() == (verdict == Verdict::ok));
  return finding.verdict == verdict;
}

}  // namespace

TEST_CASE("doctor is content with secrets that the gate can open") {
  CHECK(says(judge_secrets({}, ""), Verdict::ok, "not encrypted"));
  CHECK(says(judge_secrets({plain("reps/kim")}, ""), Verdict::ok, "not encrypted"));
  CHECK(says(judge_secrets({sealed("reps/kim")}, kKey), Verdict::ok, kKey));
}

TEST_CASE("doctor names the secrets that the gate cannot open, and why") {
  CHECK(says(judge_secrets({sealed("reps/kim")}, ""), Verdict::fail, "reps/kim sealed with a key"));
  CHECK(says(judge_secrets({sealed("reps/kim"), plain("reps/ann")}, ""), Verdict::fail, "no credential"));
  const auto other = judge_secrets({sealed("reps/ann"), sealed("reps/kim", "f"), plain("targets/b")}, kKey);
  CHECK(says(other, Verdict::fail, "reps/kim sealed with a key that the gate has not"));
  CHECK(says(other, Verdict::fail, kKey));
  CHECK(other.text.find("ann") == std::string::npos);
  CHECK(says(judge_secrets({sealed("reps/kim", "")}, kKey), Verdict::fail, "reps/kim"));  // spoilt: no id
}

TEST_CASE("doctor tells of secrets that are still to be sealed") {
  CHECK(says(judge_secrets({sealed("reps/kim"), plain("targets/b")}, kKey), Verdict::warn,
             "targets/b not sealed yet"));
}

TEST_CASE("of many secrets doctor names a few") {
  std::vector<StoredSecret> many;
  for (int i = 0; i < 7; ++i) many.push_back(plain("reps/r" + std::to_string(i)));
  CHECK(says(judge_secrets(many, kKey), Verdict::warn, "reps/r4 and 2 more not sealed"));
}
