// What the monitor needs of its event loop: "when readable" and "after a while", each owned by its user, so
// that nothing is called after its owner is gone. Boost.Asio underneath. One thread.
// Runs in: sallyportd (privileged). Never reads a peer's bytes.
#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <memory>

namespace sallyport {

using Loop = boost::asio::io_context;

// Calls back each time `fd` is ready, until destroyed. The descriptor is borrowed.
class Watch {
 public:
  enum class For { reading, writing };
  Watch() noexcept;
  Watch(Loop& loop, int fd, For what, std::function<void()> ready);
  Watch(Watch&&) noexcept;
  Watch& operator=(Watch&&) noexcept;
  ~Watch();

 private:
  struct State;
  std::shared_ptr<State> state_;  // shared with the pending wait, which outlives a destroyed Watch
};

// Calls back once, or every `period`, until destroyed.
class Timer {
 public:
  Timer() noexcept;
  static Timer once(Loop& loop, std::chrono::milliseconds delay, std::function<void()> due);
  static Timer every(Loop& loop, std::chrono::milliseconds period, std::function<void()> due);
  Timer(Timer&&) noexcept;
  Timer& operator=(Timer&&) noexcept;
  ~Timer();

 private:
  struct State;
  static void arm(const std::shared_ptr<State>& state);
  std::shared_ptr<State> state_;
};

}  // namespace sallyport
