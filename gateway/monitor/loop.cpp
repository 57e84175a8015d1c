// Runs in: sallyportd (privileged). Never reads a peer's bytes.
#include "gateway/monitor/loop.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <utility>

namespace sallyport {

namespace asio = boost::asio;

Loop::Loop() : context_(std::make_unique<asio::io_context>(1)) {}
Loop::~Loop() = default;
void Loop::run() { context_->run(); }
void Loop::stop() { context_->stop(); }
void Loop::later(std::function<void()> what) { asio::post(*context_, std::move(what)); }

struct Watch::State {
  State(asio::io_context& context, int fd) : descriptor(context, fd) {}
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
    : state_(std::make_shared<State>(*loop.context_, fd)) {
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
  explicit State(asio::io_context& context) : timer(context) {}
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
  timer.state_ = std::make_shared<State>(*loop.context_);
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

struct Signals::State {
  explicit State(asio::io_context& context) : signals(context) {}
  asio::signal_set signals;
  std::function<void(int)> came;
  bool alive = true;
};

void Signals::wait_again(const std::shared_ptr<State>& state) {
  state->signals.async_wait([state](const boost::system::error_code& error, int number) {
    if (error || !state->alive) return;
    state->came(number);
    if (state->alive) wait_again(state);
  });
}

Signals::Signals(Loop& loop, std::initializer_list<int> numbers, std::function<void(int)> came)
    : state_(std::make_shared<State>(*loop.context_)) {
  for (const int number : numbers) state_->signals.add(number);
  state_->came = std::move(came);
  wait_again(state_);
}
Signals::~Signals() {
  state_->alive = false;
  state_->signals.cancel();
}

}  // namespace sallyport
