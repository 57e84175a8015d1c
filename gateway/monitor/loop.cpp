// Runs in: sallyportd (privileged). Never reads a peer's bytes.
#include "gateway/monitor/loop.h"

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <utility>

namespace sallyport {

namespace asio = boost::asio;

struct Watch::State {
  State(Loop& loop, int fd) : descriptor(loop, fd) {}
  ~State() { release(); }
  void release() {
    if (descriptor.is_open()) (void)descriptor.release();  // borrowed: Asio must not close it
  }
  asio::posix::stream_descriptor descriptor;
  asio::posix::descriptor_base::wait_type what{};
  std::function<void()> ready;
  bool alive = true;
};

namespace {

template <class StatePointer>
void wait_again(const StatePointer& state) {
  state->descriptor.async_wait(state->what, [state](const boost::system::error_code& error) {
    if (error || !state->alive) return;
    state->ready();  // may destroy the Watch
    if (state->alive) wait_again(state);
  });
}

}  // namespace

Watch::Watch() noexcept = default;
Watch::Watch(Loop& loop, int fd, For what, std::function<void()> ready)
    : state_(std::make_shared<State>(loop, fd)) {
  state_->what = what == For::reading ? asio::posix::descriptor_base::wait_read
                                      : asio::posix::descriptor_base::wait_write;
  state_->ready = std::move(ready);
  wait_again(state_);
}
Watch::Watch(Watch&&) noexcept = default;
Watch& Watch::operator=(Watch&& other) noexcept {
  Watch old{std::move(*this)};
  state_ = std::move(other.state_);
  return *this;
}
Watch::~Watch() {
  if (!state_) return;
  state_->alive = false;
  state_->release();
}

struct Timer::State {
  explicit State(Loop& loop) : timer(loop) {}
  asio::steady_timer timer;
  std::chrono::milliseconds delay{};
  std::function<void()> due;
  bool repeats = false, alive = true;
};

void Timer::arm(const std::shared_ptr<State>& state) {
  state->timer.expires_after(state->delay);
  state->timer.async_wait([state](const boost::system::error_code& error) {
    if (error || !state->alive) return;
    if (state->repeats) arm(state);
    state->due();
  });
}

Timer::Timer() noexcept = default;
Timer Timer::once(Loop& loop, std::chrono::milliseconds delay, std::function<void()> due) {
  Timer timer;
  timer.state_ = std::make_shared<State>(loop);
  timer.state_->delay = delay;
  timer.state_->due = std::move(due);
  arm(timer.state_);
  return timer;
}
Timer Timer::every(Loop& loop, std::chrono::milliseconds period, std::function<void()> due) {
  Timer timer = once(loop, period, std::move(due));
  timer.state_->repeats = true;
  return timer;
}
Timer::Timer(Timer&&) noexcept = default;
Timer& Timer::operator=(Timer&& other) noexcept {
  Timer old{std::move(*this)};
  state_ = std::move(other.state_);
  return *this;
}
Timer::~Timer() {
  if (!state_) return;
  state_->alive = false;
  state_->timer.cancel();
}

}  // namespace sallyport
