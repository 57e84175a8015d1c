// A peer's ways through SSH: direct-tcpip channels (RFC 4254, section 7.2) to ports that the grant names with
// carriage "through-ssh". Each is dialled here, journaled before its socket is handed over, and closed with
// its channel. Runs in: sallyportd (privileged). Never reads a peer's bytes.
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>

#include "base/escape.h"
#include "base/log.h"
#include "gateway/monitor/peer.h"

namespace sallyport {

namespace {

// How long a target may take to acknowledge the last bytes of a channel that is closed.
constexpr std::chrono::seconds kSettlingTime{5};
constexpr std::chrono::milliseconds kSettlingInterval{20};

bool names(const std::vector<Address>& addresses, const std::string& host) {
  const auto address = Address::parse(host);
  return address && std::ranges::find(addresses, *address) != addresses.end();
}

// Where the rep means to go. On the HMC's command line "localhost" is the HMC, and so it is here.
Result<std::vector<Address>> meant(const Target& target, const Grant& grant, const Service& service,
                                   const std::string& host, const Address& answered) {
  if (service.reach == Reach::hmc) {
    if (host == target.name || host == "localhost" || names(target.addresses, host))
      return std::vector{answered};
    return fail("{} is not the granted target", escape_terminal(host));
  }
  const auto system = std::ranges::find(target.managed_systems, grant.managed_system, &ManagedSystem::name);
  if (system != target.managed_systems.end() && (host == system->name || names(system->addresses, host)))
    return system->addresses;
  return fail("{} is not the granted managed system", escape_terminal(host));
}

const Service* service_at(const Grant& grant, std::uint32_t port) {
  const auto found = std::ranges::find_if(grant.services, [port](const Service& service) {
    return service.carriage == Carriage::through_ssh && service.port.value() == port;
  });
  return found == grant.services.end() ? nullptr : &*found;
}

// Of a connection that is closed before both sides are done the target hears at once, also while it is
// sending: an RST goes out with the last close, when its way is still open. A FIN would leave it to time out.
void reset_when_closed(int socket) {
  const linger at_once{1, 0};
  (void)::setsockopt(socket, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

// Every byte is with the target's kernel, or never will be: a connection that was reset keeps its count.
bool has_settled(int socket) {
  tcp_info info{};
  socklen_t length = sizeof info;
  if (::getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &length) != 0 || info.tcpi_state == TCP_CLOSE)
    return true;
  int waiting = 0;
  return ::ioctl(socket, SIOCOUTQ, &waiting) != 0 || waiting == 0;
}

}  // namespace

void Peer::on(AskDirect& ask) {
  const auto asked = fmt::format("{}:{}", ask.host, ask.port);
  const auto refuse = [&](const std::string& why) { refuse_direct(ask.token, asked, why); };
  if (!has_running_session()) return refuse("the session has ended");
  if (directs_.contains(ask.token)) return on_worker_gone("the worker used a token twice");
  if (session()->pause) return refuse(session()->pause->refusal);
  const Grant& grant = *gate_.ledger.find(grant_->value());
  const auto most = most_channels(grant);
  if (session()->open_channels.size() + directs_.size() >= most || closing_directs_.size() >= most)
    return refuse("too many channels are open");
  const auto endpoints = direct_endpoints(grant, ask);
  if (!endpoints) return refuse(endpoints.error().message());
  Direct direct;
  direct.asked = asked;
  for (const auto& endpoint : *endpoints) {
    auto way =
        gate_.doors.open_way(endpoint.address, Port{endpoint.port}, gate_.ledger.deadline(*grant_));
    if (!way) {
      log_error("{}", way.error().message());
      return refuse("the gate could not open its own way there");
    }
    direct.ways.push_back(*std::move(way));
  }
  direct.dial = std::make_unique<Dial>(gate_.loop, *endpoints,
                                       [this, token = ask.token](Result<Dial::Connected> dialled) {
                                         on_direct_dialled(token, std::move(dialled));
                                       });
  directs_.emplace(ask.token, std::move(direct));
}

void Peer::refuse_direct(std::uint32_t token, const std::string& asked, const std::string& why) {
  log_info("{}: no way through SSH to {}: {}", endpoint_.text(), asked, why);
  tell(DirectRefused{token, cut(why)});
}

Result<std::vector<Endpoint>> Peer::direct_endpoints(const Grant& grant, const AskDirect& ask) const {
  const auto target = gate_.catalogue.targets.find(grant.target);
  if (target == gate_.catalogue.targets.end()) return fail("the target is no longer configured");
  if (door_ == Carriage::https) return web_endpoints(target->second, ask);
  const Service* const service = service_at(grant, ask.port);
  if (service == nullptr) return fail("port {} is not granted inside SSH", ask.port);
  ASSIGN_OR_RETURN(const auto addresses, meant(target->second, grant, *service, ask.host, target_address_));
  std::vector<Endpoint> endpoints;
  for (const auto& address : addresses) endpoints.push_back({address, service->port.value()});
  return endpoints;
}

void Peer::on_direct_dialled(std::uint32_t token, Result<Dial::Connected> dialled) {
  auto direct = std::move(directs_.extract(token).mapped());
  const auto refuse = [&](const std::string& why) {
    direct.ways.clear();  // who hears of it finds the way closed
    refuse_direct(token, direct.asked, why);
  };
  if (!has_running_session()) return refuse("the session has ended");
  if (session()->pause) return refuse(session()->pause->refusal);
  if (!dialled) return refuse("it cannot be reached: " + dialled.error().message());
  Session& session = *this->session();
  const auto channel = session.next_channel++;
  const Entry entry{"session.channel",
                    {{"session", session.name},
                     {"grant", grant_->value()},
                     {"channel", channel},
                     {"kind", door_ == Carriage::https ? "https-connection" : "direct-tcpip"},
                     {"terminal", false},
                     {"command", escape_terminal(direct.asked)},
                     {"reached", dialled->endpoint.text()}}};
  if (auto noted = gate_.ledger.note(entry); !noted)
    return refuse("this cannot be recorded, so it is not opened");
  session.open_channels.emplace(channel, id_);
  direct.dial.reset();
  direct.socket = std::move(dialled->socket);
  const int socket = direct.socket.get();
  reset_when_closed(socket);
  open_directs_[channel] = std::move(direct);
  tell(DirectGranted{token, channel}, socket);
}

// What the worker has written is in the kernel's hands, and would be lost with the way: the way stays until
// the target has acknowledged it.
void Peer::close_direct(std::uint32_t channel) {
  auto closed = open_directs_.extract(channel);
  if (closed.empty() || phase_ == Phase::over) return;
  if (has_settled(closed.mapped().socket.get())) return;
  auto& direct = closing_directs_.insert(std::move(closed)).position->second;
  direct.give_up = gate_.clock.boot() + kSettlingTime;
  direct.settling = Timer::every(gate_.loop, kSettlingInterval, [this, channel] {
    const auto& closing = closing_directs_.at(channel);
    if (has_settled(closing.socket.get()) || gate_.clock.boot() >= closing.give_up)
      closing_directs_.erase(channel);
  });
}

// Not a byte passes from here on. The ways stay until the worker has closed its copies, so that the RST gets
// out; it has kGrace for that, and then stop() closes them.
void Peer::cut_directs() noexcept {
  directs_.clear();
  closing_directs_.clear();
  for (auto& [channel, direct] : open_directs_) (void)::shutdown(direct.socket.get(), SHUT_RDWR);
}

}  // namespace sallyport
