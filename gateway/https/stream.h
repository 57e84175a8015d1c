// Stream: one TLS connection, awaited. A peer that is slower than its deadline, or than its pace, is cut.
// Runs in: sallyport-https.
#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <set>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "gateway/https/pace.h"
#include "gateway/https/tls.h"
#include "gateway/https/wire.h"

namespace sallyport {

namespace asio = boost::asio;
// One loop, named as what it is: Asio's types that could be of any are slower at each wait.
using Executor = asio::io_context::executor_type;
template <class T = void>
using Task = asio::awaitable<T, Executor>;
using Descriptor = asio::posix::basic_stream_descriptor<Executor>;
using Timer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                         asio::wait_traits<std::chrono::steady_clock>, Executor>;
inline constexpr auto kAwait = asio::as_tuple(asio::use_awaitable_t<Executor>{});
using Moment = std::chrono::steady_clock::time_point;

class Stream;

// Whether another task, joined with this one by ||, was done first. To be asked before anything is waited
// for: what begins to wait after that is not woken. Tasks that are joined switch the exception off that Asio
// would throw instead.
Task<bool> is_cancelled();
// Until then.
Task<> for_ever();

// What all streams have in common. Once a second they are looked through, which is cheaper than a timer for
// each read: who is late is cut, whom a target works for in vain is let go, and what has lain idle since the
// last time gives its buffers back. And at the end of the loop's turn the small pieces that were written in
// it are sent, one after another: whoever is woken by the first finds the others there too, in place of
// falling asleep before each.
class Streams {
 public:
  explicit Streams(asio::io_context& io) : io_(io) {}
  void look_through(Moment now);
  void cut_all();

 private:
  friend class Stream;
  void send_soon(Stream& stream);
  void send_all();
  asio::io_context& io_;
  std::set<Stream*> all_;
  std::vector<Stream*> to_send_;
};

class Stream {
 public:
  static Result<std::unique_ptr<Stream>> over(asio::io_context& io, Streams& streams, UniqueFd socket,
                                              SSL_CTX& context);
  ~Stream();
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  Task<Done> accept();
  // `host`: for the server's choice of certificate; empty where it is called by its address.
  Task<Done> connect(std::string host);
  // As much as is there. 0: the peer has ended its side in order. An Error also when it is cut without a
  // close_notify, so that nobody can cut a body short unnoticed.
  Task<Result<std::size_t>> read_some(std::span<char> into);
  Task<Done> write(std::string_view bytes);
  // Whether something is there to be read, or the peer is gone, without reading it.
  Task<bool> wait_readable();
  // Says farewell, and reads on for a moment.
  Task<> close();

  // False when something has come instead, which is left to be read.
  Task<bool> until_gone();
  // Cut when `rep` has gone, which is looked for once a second; nullptr: for nobody any more. Cheaper than
  // waiting for both, for what is answered within a moment as a rule.
  void work_for(Stream* rep) { works_for_ = rep; }
  bool works_in_vain() const noexcept { return in_vain_; }

  void expire_in(std::chrono::seconds time) {
    deadline_ = std::chrono::steady_clock::now() + time;
    paced_ = false;
  }
  // A message without a deadline: the peer is cut when it takes what is written, or gives what it owes, too
  // slowly. It owes nothing while nobody writes, or reads only what may come some time.
  void begin_pace();
  void set_owing(bool owes) { owes_ = owes; }
  // Ends all that is waited for; nothing works any more.
  void cut();
  // For one that has lain idle: it is neither closed nor did it speak unasked.
  bool is_quiet();
  SSL* tls() const noexcept { return tls_.get(); }

 private:
  using Wait = Descriptor::wait_type;
  enum class Step : std::uint8_t { done, wait_read, wait_write };
  enum class Seen : std::uint8_t { nothing, something, the_end };
  Stream(asio::io_context& io, Streams& streams, Tls tls, int socket);
  template <class Operation>
  Task<Done> shake_hands(Operation operation);
  // As far as it goes without waiting.
  Result<Step> decrypt(std::span<char> into, std::size_t& all);
  Result<std::size_t> encrypt(std::string_view bytes);
  Task<Done> send();
  Task<bool> wait_for(Wait what);
  Seen peek();
  Seen look();
  bool has_gone();
  void is_used() noexcept { in_use_ = true, is_slim_ = false; }
  bool second_passed(Moment now);
  friend class Streams;
  void begin_waiting();
  void end_waiting();
  bool is_too_slow(Moment now);

  Streams& streams_;
  Descriptor socket_;
  Wire wire_;
  Tls tls_;
  Moment deadline_ = Moment::max();
  Stream* works_for_ = nullptr;
  bool cut_ = false, in_vain_ = false, sends_soon_ = false;
  bool in_use_ = true, is_slim_ = false;  // buffers: since the last second; given back
  int unwaited_ = 0;
  bool paced_ = false, owes_ = false;
  Pace pace_;
  int waiting_ = 0;  // of a reader and a writer
  Moment waiting_since_{};
  Moment::duration waited_{};
};

}  // namespace sallyport
