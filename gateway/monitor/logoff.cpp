// Runs in: sallyportd (privileged). Never reads a peer's bytes.
#include "gateway/monitor/logoff.h"

#include <sys/socket.h>

#include <algorithm>

#include "gateway/monitor/gate.h"

namespace sallyport {

namespace {

constexpr std::chrono::seconds kTime{3};  // within what a gate that stops gives its sessions

}  // namespace

void ApiSessions::add(Secret session) {
  if (open.size() < limit::api_sessions)
    open.push_back(std::move(session));
  else if (forgotten < limit::api_sessions)
    ++forgotten;
}

void ApiSessions::remove(const Secret& session) {
  std::erase_if(open, [&](const Secret& one) { return one.equals(session.reveal()); });
}

Result<std::unique_ptr<Logoff>> Logoff::start(Gate& gate, ApiSessions sessions, OnDone on_done) {
  ASSIGN_OR_RETURN(
      auto way, gate.doors.open_way(sessions.at.address, Port{sessions.at.port}, gate.clock.boot() + kTime));
  return std::unique_ptr<Logoff>{new Logoff{gate, std::move(sessions), std::move(way), std::move(on_done)}};
}

Logoff::Logoff(Gate& gate, ApiSessions sessions, Lease way, OnDone on_done)
    : gate_(gate), sessions_(std::move(sessions)), way_(std::move(way)), on_done_(std::move(on_done)) {
  deadline_ = Timer::once(gate_.loop, kTime, [this] { fail_with("the target took too long"); });
  dial_ = std::make_unique<Dial>(gate_.loop, std::vector{sessions_.at},
                                 [this](Result<Dial::Connected> dialled) { on_dialled(std::move(dialled)); });
}

void Logoff::on_dialled(Result<Dial::Connected> dialled) {
  if (done_) return;
  if (!dialled) return fail_with(dialled.error().message());
  auto worker = WorkerProcess::start(gate_.workers.https, gate_.incarnation);
  if (!worker) return fail_with(worker.error().message());
  worker_.emplace(*std::move(worker));
  BeginLogoff begin{sessions_.target, gate_.catalogue.settings.https->profile, {}};
  for (const auto& session : sessions_.open) begin.sessions.push_back(session.clone());
  socket_ = std::move(dialled->socket);
  const auto bytes = encode(gate_.incarnation, Answer{std::move(begin)});
  if (auto sent = worker_->channel().send(bytes, socket_.get()); !sent)
    return fail_with(sent.error().message());
  messages_ = Watch{gate_.loop, worker_->channel().fd(), Watch::For::reading, [this] { on_message(); }};
}

// One message, and only this one, is heard of such a worker.
void Logoff::on_message() {
  if (done_) return;
  auto frame = worker_->channel().receive();
  if (!frame && frame.error().code() == EAGAIN) return;
  if (!frame) return fail_with("the worker is gone");
  const auto ask = decode_ask(gate_.incarnation, frame->bytes.reveal());
  const auto* const told = ask && !frame->descriptor ? std::get_if<TellLoggedOff>(&*ask) : nullptr;
  const auto most = static_cast<std::uint32_t>(sessions_.open.size());
  if (told == nullptr || told->ended > most || told->failed > most)
    return fail_with("the worker sent nonsense");
  finish(*told);
}

void Logoff::fail_with(std::string why) {
  finish({0, static_cast<std::uint32_t>(sessions_.open.size()), std::move(why)});
}

// What is open is closed before anybody hears of it.
void Logoff::finish(TellLoggedOff told) {
  if (done_) return;
  done_ = true;
  told.failed += sessions_.forgotten;
  // Not from within its own parts, which go now.
  last_ = Timer::once(gate_.loop, std::chrono::milliseconds{0}, [this, told = std::move(told)] {
    close();
    const auto on_done = std::move(on_done_);
    on_done(told);  // which may destroy this
  });
}

void Logoff::close() noexcept {
  messages_ = {};
  deadline_ = {};
  dial_.reset();
  if (socket_) (void)::shutdown(socket_.get(), SHUT_RDWR);
  socket_.reset();
  worker_.reset();
  way_.reset();
}

}  // namespace sallyport
