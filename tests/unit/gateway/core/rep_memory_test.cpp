// What the journal remembers of reps. Runs in: tests.
#include "gateway/core/rep_memory.h"

#include "tests/catch.h"

using namespace sallyport;

namespace {

Record record(const char* event, nlohmann::json fields, std::int64_t second = 0) {
  Record made;
  made.event = event;
  made.fields = std::move(fields);
  made.time = WallTime{std::chrono::seconds{second}};
  return made;
}

Record accepted(const char* key, std::uint32_t counter) {
  return record("login.accepted", {{"rep", "kim"}, {"key", key}, {"key_counter", counter}});
}

}  // namespace

TEST_CASE("a rep is suspended until resumed, or removed") {
  RepMemory memory;
  CHECK_FALSE(memory.is_suspended("kim"));
  memory.fold(record("rep.suspended", {{"rep", "kim"}}));
  CHECK(memory.is_suspended("kim"));
  CHECK_FALSE(memory.is_suspended("lee"));
  SECTION("an enrolment does not end it") {
    memory.fold(record("rep.enrolled", {{"rep", "kim"}}));
    CHECK(memory.is_suspended("kim"));
  }
  memory.fold(record(GENERATE("rep.resumed", "rep.removed"), {{"rep", "kim"}}));
  CHECK_FALSE(memory.is_suspended("kim"));
}

TEST_CASE("it is remembered when a rep and when each key was enrolled") {
  RepMemory memory;
  CHECK_FALSE(memory.enrolled_at("kim"));
  memory.fold(record("rep.enrolled", {{"rep", "kim"}, {"keys", {"SHA256:a", "SHA256:b"}}}, 10));
  memory.fold(record("rep.enrolled", {{"rep", "kim"}, {"authorities", {"SHA256:c"}}}, 20));
  CHECK(memory.enrolled_at("kim") == WallTime{std::chrono::seconds{20}});
  CHECK(memory.key_enrolled_at("kim", "SHA256:a") == WallTime{std::chrono::seconds{10}});
  CHECK(memory.key_enrolled_at("kim", "SHA256:c") == WallTime{std::chrono::seconds{20}});
  CHECK_FALSE(memory.key_enrolled_at("lee", "SHA256:a"));
  memory.fold(record("rep.enrolled", {{"rep", "kim"}, {"credentials", {"SHA256:d", "SHA256:e"}}}, 25));
  CHECK(memory.key_enrolled_at("kim", "SHA256:e") == WallTime{std::chrono::seconds{25}});
  memory.fold(record("rep.removed", {{"rep", "kim"}}, 30));
  CHECK_FALSE(memory.enrolled_at("kim"));
}

TEST_CASE("a security key's counter must rise from login to login") {
  RepMemory memory;
  CHECK(memory.counter_has_risen("kim", "SHA256:a", 0));
  memory.fold(accepted("SHA256:a", 7));
  CHECK(memory.counter_has_risen("kim", "SHA256:a", 8));
  CHECK_FALSE(memory.counter_has_risen("kim", "SHA256:a", 7));
  CHECK_FALSE(memory.counter_has_risen("kim", "SHA256:a", 6));
  CHECK_FALSE(memory.counter_has_risen("kim", "SHA256:a", 0));
  CHECK(memory.counter_has_risen("kim", "SHA256:b", 1));
  memory.fold(accepted("SHA256:a", 0xffffffff));
  CHECK_FALSE(memory.counter_has_risen("kim", "SHA256:a", 0xffffffff));
}

TEST_CASE(
    "a security key that does not count is let in; one that begins to count, too, and then must go on") {
  RepMemory memory;
  memory.fold(accepted("SHA256:a", 0));
  CHECK(memory.counter_has_risen("kim", "SHA256:a", 0));
  CHECK(memory.counter_has_risen("kim", "SHA256:a", 1));
  memory.fold(accepted("SHA256:a", 1));
  CHECK_FALSE(memory.counter_has_risen("kim", "SHA256:a", 0));
}

TEST_CASE("no enrolment and no removal sets a security key's counter back") {
  RepMemory memory;
  memory.fold(accepted("SHA256:a", 7));
  memory.fold(record(GENERATE("rep.enrolled", "rep.removed", "rep.unenrolled"),
                     {{"rep", "kim"}, {"keys", {"SHA256:a"}}}));
  CHECK_FALSE(memory.counter_has_risen("kim", "SHA256:a", 7));
}

TEST_CASE("records of other shapes are passed over") {
  RepMemory memory;
  memory.fold(record("rep.suspended", {{"rep", 7}}));
  memory.fold(record("rep.enrolled", {{"rep", "kim"}, {"keys", "SHA256:a"}}));
  memory.fold(record("rep.enrolled", {{"rep", "kim"}, {"keys", {1, 2}}}));
  memory.fold(record("login.accepted", {{"rep", "kim"}, {"key_counter", -1}}));
  memory.fold(record("login.accepted", {{"rep", "kim"}, {"key_counter", "x"}}));
  CHECK_FALSE(memory.is_suspended("kim"));
  CHECK(memory.counter_has_risen("kim", "", 0));
}
