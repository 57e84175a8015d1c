// Runs in: sallyport-send.
#include "gateway/send/waiter.h"

#include <signal.h>
#include <sys/signalfd.h>

#include <algorithm>

namespace sallyport {

namespace {

using namespace std::chrono_literals;
constexpr auto kToEndInOrder = 3s;

int milliseconds_until(Moment deadline) {
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, 3'600'000));
}

}  // namespace

Result<Waiter> Waiter::create() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  UniqueFd fd{signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK)};
  if (!fd) return fail_errno("taking signals");
  return Waiter{std::move(fd)};
}

Waiter::Came Waiter::wait(std::vector<pollfd> for_what, Moment deadline) {
  const auto asked = for_what.size();
  if (!stopping_) for_what.push_back({signals_.get(), POLLIN, 0});
  for (;;) {
    const auto until = stopping_ ? std::min(deadline, stop_by_) : deadline;
    const int ready = ::poll(for_what.data(), for_what.size(), milliseconds_until(until));
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) return Came::late;
    if (!stopping_ && for_what.back().revents != 0) {
      stopping_ = true;
      stop_by_ = in(kToEndInOrder);
      return Came::stop;
    }
    if (std::any_of(for_what.begin(), for_what.begin() + static_cast<std::ptrdiff_t>(asked),
                    [](const pollfd& one) { return one.revents != 0; }))
      return Came::ready;
  }
}

Done Waiter::wait_for(int fd, short events, std::chrono::milliseconds patience) {
  const auto deadline = in(patience);
  for (;;) {
    switch (wait({{fd, events, 0}}, deadline)) {
      case Came::ready:
        return {};
      case Came::late:
        return fail("nothing for {} s", patience.count() / 1000);
      case Came::stop:
        break;
    }
  }
}

void Waiter::pause(std::chrono::milliseconds time) { (void)wait({}, in(time)); }

}  // namespace sallyport
