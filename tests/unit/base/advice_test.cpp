#include "base/advice.h"

#include "tests/catch.h"

using namespace sallyport;

TEST_CASE("an error of a disk says what to do, once") {
  CHECK(with_advice(Error{"writing /x", ENOSPC}) ==
        "writing /x: No space left on device (fix: make room there; df -h and df -i tell how much there is)");
  CHECK(with_advice(Error{"writing /x", EACCES}) == "writing /x: Permission denied");
  CHECK(with_advice(Error{"/x is somebody's (fix: chown root /x)"}) == "/x is somebody's (fix: chown root /x)");
}

TEST_CASE("a line is split into what is wrong and what to do") {
  const auto whole = split_advice("the door (front) is open (fix: shut it): Permission denied");
  CHECK(whole.problem == "the door (front) is open: Permission denied");
  CHECK(whole.fix == "shut it");
  for (const auto* line : {"the door is open", "the door is open (fix: shut it"}) {
    CHECK(split_advice(line).problem == line);
    CHECK(split_advice(line).fix.empty());
  }
}
