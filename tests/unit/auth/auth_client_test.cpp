// Starting and ending a helper, with ordinary programs in its place.
#include "auth/auth_client.h"

#include <poll.h>
#include <sys/wait.h>

#include "tests/catch.h"

using namespace sallyport;

TEST_CASE("a helper that is not there is an error") { CHECK_FALSE(AuthHelper::start("/nonexistent/helper")); }

TEST_CASE("a helper that ends is seen on the channel") {
  pid_t pid = -1;
  {
    const auto helper = AuthHelper::start("/bin/false");
    REQUIRE(helper);
    pid = helper->pid();
    pollfd waiting{helper->fd(), POLLIN, 0};
    REQUIRE(poll(&waiting, 1, 10000) == 1);
    const auto answer = helper->receive();
    REQUIRE_FALSE(answer);
    CHECK(answer.error().code() != EAGAIN);
  }
  CHECK(waitpid(pid, nullptr, 0) == pid);
}

TEST_CASE("receiving does not wait, and destroying the helper kills it") {
  pid_t pid = -1;
  {
    const auto helper = AuthHelper::start("/bin/sleep", std::chrono::minutes{60});
    REQUIRE(helper);
    pid = helper->pid();
    CHECK(helper->receive().error().code() == EAGAIN);
  }
  int status = 0;
  REQUIRE(waitpid(pid, &status, 0) == pid);
  CHECK(WIFSIGNALED(status));
  CHECK(WTERMSIG(status) == SIGKILL);
}
