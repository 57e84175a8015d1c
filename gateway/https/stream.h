// Stream: one TLS connection, awaited. A peer that is slower than its deadline, or than its pace, is cut.
// Runs in: sallyport-https.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <chrono>
#include <set>
#include <span>
#include <string_view>

#include "base/result.h"
#include "base/unique_fd.h"
#include "gateway/https/pace.h"
#include "gateway/https/tls.h"

namespace sallyport {

namespace asio = boost::asio;
template <class T = void>
using Task = asio::awaitable<T>;
using Moment = std::chrono::steady_clock::time_point;

class Stream;

// Whether another task, joined with this one by ||, was done first. To be asked before anything is waited
// for: what begins to wait after that is not woken. Tasks that are joined switch the exception off that Asio
// would throw instead.
Task<bool> is_cancelled();
// Until then.
Task<> for_ever();

// Looked through once a second: cheaper than a timer for each read.
class Deadlines {
 public:
  void cut_late(Moment now);
  void cut_all();

 private:
  friend class Stream;
  std::set<Stream*> streams_;
};

class Stream {
 public:
  static Result<std::unique_ptr<Stream>> over(asio::io_context& io, Deadlines& deadlines, UniqueFd socket,
                                              SSL_CTX& context);
  ~Stream();
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  Task<Done> accept();
  // `host`: for the server's choice of certificate; empty where it is called by its address.
  Task<Done> connect(std::string host);
  // 0: the peer has ended its side in order. An Error also when it is cut without a close_notify, so that
  // nobody can cut a body short unnoticed.
  Task<Result<std::size_t>> read_some(std::span<char> into);
  Task<Done> write(std::string_view bytes);
  // Whether something is there to be read, or the peer is gone, without reading it.
  Task<bool> wait_readable();
  // Says farewell, and reads on for a moment.
  Task<> close();

  // False when something has come instead, which is left to be read.
  Task<bool> until_gone();

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
  Stream(asio::io_context& io, Deadlines& deadlines, Tls tls);
  template <class Operation>
  Task<Result<std::size_t>> drive(Operation operation);
  friend class Deadlines;
  void begin_waiting();
  void end_waiting();
  bool is_too_slow(Moment now);

  Deadlines& deadlines_;
  asio::posix::stream_descriptor socket_;
  Tls tls_;
  Moment deadline_ = Moment::max();
  bool cut_ = false;
  bool paced_ = false, owes_ = false;
  Pace pace_;
  int waiting_ = 0;  // of a reader and a writer
  Moment waiting_since_{};
  Moment::duration waited_{};
};

}  // namespace sallyport
