// Runs in: sallyportd (privileged). Never reads a peer's bytes.
#include "gateway/monitor/peer.h"

#include <sys/socket.h>
#include <sys/wait.h>

#include "base/log.h"
#include "gateway/monitor/lifecycle.h"
#include "gateway/monitor/sessions.h"
#include "policies/ssh_algorithms.h"

namespace sallyport {

Peer::Peer(Gate& gate, PeerId id, Carriage door, Endpoint endpoint, Throttle::Ticket ticket,
           WorkerProcess worker)
    : gate_(gate),
      id_(id),
      door_(door),
      endpoint_(endpoint),
      ticket_(std::move(ticket)),
      worker_(std::move(worker)),
      attempt_({gate.catalogue.settings.login.tries, gate.catalogue.settings.login.response_lifetime,
                AttemptLimits{}.refusal_step}) {
  messages_ = Watch{gate.loop, worker_.channel().fd(), Watch::For::reading, [this] { on_message(); }};
  deadline_ = Timer::once(gate.loop, gate.catalogue.settings.login.time,
                          [this] { on_worker_gone("login took too long"); });
}

Peer::~Peer() {
  if (helper_) gate_.ended_helpers.push_back(helper_->pid());
}

Answer Peer::beginning() const {
  const auto& settings = gate_.catalogue.settings;
  if (door_ == Carriage::https)
    return BeginWeb{settings.banner, settings.gate_name, gate_.certificate->key.clone(),
                    gate_.certificate->certificates, settings.https->profile};
  Begin begin{settings.banner, {}, settings.login.tries, algorithms_for_reps(settings.ssh_profile)};
  for (const auto& key : gate_.host_keys.private_keys) begin.host_keys.push_back(key.clone());
  return begin;
}

Done Peer::begin(const UniqueFd& socket) {
  return worker_.channel().send(encode(gate_.incarnation, beginning()), socket.get());
}

void Peer::hand_over(const UniqueFd& socket) {
  (void)worker_.channel().send(encode(gate_.incarnation, Answer{AnotherConnection{}}), socket.get());
}

void Peer::on_message() {
  auto frame = worker_.channel().receive();
  if (!frame && frame.error().code() == EAGAIN) return;
  if (!frame) return on_worker_gone("the worker is gone");
  auto ask = decode_ask(gate_.incarnation, frame->bytes.reveal());
  if (!ask || frame->descriptor) return on_worker_gone("the worker sent nonsense");
  if (auto allowed = budget_.spend(*ask, phase_); !allowed)
    return on_worker_gone("the worker " + allowed.error().message());
  std::visit([this](auto& body) { on(body); }, *ask);
}

void Peer::on_worker_gone(const std::string& why) {
  const bool had_session = session() != nullptr;
  if (!why.empty()) log_info("{}: {}", endpoint_.text(), why);
  count_unanswered();
  stop();
  if (had_session) return leave_session(gate_, *grant_, id_, why);
  drop_peers_if(gate_, [this](const Peer& peer) { return peer.id() == id_; });
}

void Peer::end(const std::string& sentence) {
  phase_ = Phase::over;
  tell(End{cut(sentence)});
  cut_target();  // after the word, so that the worker does not take the end for the target's doing
}

void Peer::stop() {
  messages_ = {};
  deadline_ = {};
  helper_deadline_ = {};
  refusal_ = {};
  helper_messages_ = {};
  dial_.reset();
  ticket_.reset();
  phase_ = Phase::over;
  cut_target();
  open_directs_.clear();
  worker_.kill();
}

void Peer::cut_target() noexcept {
  cut_directs();
  if (target_) (void)::shutdown(target_.get(), SHUT_RDWR);
  target_.reset();
}

Session* Peer::session() {
  if (!grant_) return nullptr;
  const auto found = gate_.sessions.find(*grant_);
  return found != gate_.sessions.end() && found->second.peers.contains(id_) ? &found->second : nullptr;
}

std::string Peer::cut(const std::string& sentence) { return sentence.substr(0, limit::sentence); }

namespace {

// Which of a browser's connections is whose can be told by reading them alone, so one worker has all of a
// source address.
Peer* web_peer_of(Gate& gate, const Address& source) {
  for (const auto& [id, peer] : gate.peers)
    if (peer->door() == Carriage::https && peer->endpoint().address == source) return peer.get();
  return nullptr;
}

Carriage door_at(const Gate& gate, Port at) {
  return entry_ports(gate.catalogue.settings).https == at ? Carriage::https : Carriage::ssh;
}

}  // namespace

void welcome(Gate& gate, UniqueFd socket, const Endpoint& endpoint, Port at) {
  const auto door = door_at(gate, at);
  if (Peer* const known = door == Carriage::https ? web_peer_of(gate, endpoint.address) : nullptr) {
    // So that nobody who shares the address fills the worker's channel, on which the monitor never waits.
    if (auto allowed = gate.throttle.admit_another(endpoint.address); !allowed)
      return log_warning("{}: {}", endpoint.text(), allowed.error().message());
    return known->hand_over(socket);
  }
  // The kernel says the same; this holds while somebody else's rules stand in the way of ours.
  if (!admits(gate, endpoint.address, door)) return;
  auto ticket = gate.throttle.admit(endpoint.address);
  if (!ticket) return log_warning("{}: {}", endpoint.text(), ticket.error().message());
  auto worker =
      WorkerProcess::start(door == Carriage::https ? gate.workers.https : gate.workers.ssh, gate.incarnation);
  if (!worker) return log_error("{}", worker.error().message());
  const auto id = gate.next_peer++;
  auto peer = std::make_unique<Peer>(gate, id, door, endpoint, *std::move(ticket), *std::move(worker));
  if (auto begun = peer->begin(socket); !begun) return log_error("{}", begun.error().message());
  gate.peers.emplace(id, std::move(peer));
}

Peer* find_peer(Gate& gate, PeerId id) {
  const auto found = gate.peers.find(id);
  return found == gate.peers.end() ? nullptr : found->second.get();
}

void drop_peers_if(Gate& gate, const std::function<bool(const Peer&)>& which) {
  for (auto peer = gate.peers.begin(); peer != gate.peers.end();) {
    if (!which(*peer->second)) {
      ++peer;
      continue;
    }
    peer->second->stop();
    gate.stopped_peers.push_back(std::move(peer->second));
    peer = gate.peers.erase(peer);
  }
  if (!gate.stopped_peers.empty()) gate.loop.later([&gate] { gate.stopped_peers.clear(); });
}

void reap_helpers(Gate& gate) {
  std::erase_if(gate.ended_helpers, [](pid_t pid) { return waitpid(pid, nullptr, WNOHANG) != 0; });
}

}  // namespace sallyport
