// What the monitor needs of its event loop: "when readable", "after a while", "when signalled", each owned by
// its user, so that nothing is called after its owner is gone. Boost.Asio underneath, in loop.cpp alone. One
// thread. Runs in: sallyportd (privileged). Never reads a peer's bytes.
#pragma once

#include <chrono>
#include <functional>
#include <initializer_list>
#include <memory>

namespace boost::asio {
class io_context;
}

namespace sallyport {

class Loop {
 public:
  Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;
  ~Loop();
  void run();  // until stop()
  void stop();
  void later(std::function<void()> what);  // once, when what runs now has returned

 private:
  friend class Watch;
  friend class Timer;
  friend class Signals;
  std::unique_ptr<boost::asio::io_context> context_;
};

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

// Calls back with the number of each signal that comes, until destroyed.
class Signals {
 public:
  Signals(Loop& loop, std::initializer_list<int> numbers, std::function<void(int)> came);
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;
  ~Signals();

 private:
  struct State;
  static void wait_again(const std::shared_ptr<State>& state);
  std::shared_ptr<State> state_;
};

}  // namespace sallyport
