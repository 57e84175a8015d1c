// Runs in: sallyport-https.
#include "gateway/https/target.h"

namespace sallyport {

namespace {

using std::chrono_literals::operator""s;

constexpr auto kHandshakeTime = 10s;
// Before an HMC's own limit, which is 20 s and more.
constexpr auto kIdleTime = 15s;
constexpr std::size_t kMostIdle = 32;

std::string host_of(const std::string& authority) {
  const auto end = authority.starts_with('[') ? authority.find(']') + 1 : authority.find(':');
  return authority.substr(0, end);
}

}  // namespace

std::string server_name_of(const std::string& authority) {
  const auto host = host_of(authority);
  const bool is_address = host.find_first_not_of("0123456789.") == std::string::npos || host.starts_with('[');
  return is_address ? "" : host;
}

Negotiated negotiated_by(const SSL* tls) { return {SSL_get_version(tls), SSL_get_cipher_name(tls), ""}; }

Task<> Signal::wait() { (void)co_await timer_.async_wait(kAwait); }

Task<Result<std::unique_ptr<Stream>>> Target::shake_hands(UniqueFd socket) {
  auto stream = Stream::over(io_, streams_, std::move(socket), *context_);
  if (!stream) co_return tl::unexpected{stream.error()};
  (*stream)->expire_in(kHandshakeTime);
  const auto connected = co_await (*stream)->connect(server_name_of(facts_.name));
  if (!connected) {
    const bool is_known = SSL_get_verify_result((*stream)->tls()) == X509_V_OK;
    fault_ = is_known ? TargetFault::protocol : TargetFault::certificate;
    co_return tl::unexpected{connected.error()};
  }
  co_return std::move(*stream);
}

Task<Result<Negotiated>> Target::begin(GrantedWebTarget granted, TlsProfile profile) {
  facts_ = std::move(granted.facts);
  auto context = context_for_target(facts_, profile);
  auto stream = Result<std::unique_ptr<Stream>>{};
  if (context) {
    context_ = *std::move(context);
    stream = co_await shake_hands(std::move(granted.socket));
  } else {
    stream = tl::unexpected{context.error()};
  }
  if (!stream) {
    const auto told = monitor_.ask_target_failed(fault_, stream.error().message());
    co_return tl::unexpected{told ? Error{*told} : told.error()};
  }
  const auto agreed = negotiated_by((*stream)->tls());
  give_back(std::make_unique<Upstream>(*std::move(stream), 0));
  co_return agreed;
}

Task<Result<std::unique_ptr<Upstream>>> Target::make() {
  const auto token = monitor_.ask_direct(host_of(facts_.name), facts_.port);
  if (!token) co_return tl::unexpected{token.error()};
  auto granted = monitor_.take_direct(*token);
  while (!granted) {
    co_await heard_.wait();
    if (monitor_.end()) co_return fail("{}", *monitor_.end());
    granted = monitor_.take_direct(*token);
  }
  if (!*granted) co_return tl::unexpected{granted->error()};
  const auto channel = (*granted)->channel;
  auto stream = co_await shake_hands(std::move((*granted)->socket));
  if (!stream) {
    monitor_.tell_channel_closed({channel, 0, 0, -1, {}, {}});
    co_return tl::unexpected{stream.error()};
  }
  co_return std::make_unique<Upstream>(*std::move(stream), channel);
}

std::unique_ptr<Upstream> Target::take_idle() {
  while (!idle_.empty()) {
    auto upstream = std::move(idle_.back());
    idle_.pop_back();
    if (upstream->inbox.empty() && upstream->stream->is_quiet()) return upstream;
    drop(std::move(upstream));
  }
  return nullptr;
}

Task<bool> Target::until_released() {
  while (monitor_.holds_rep() && !monitor_.end()) {
    co_await heard_.wait();
    const bool cancelled = co_await is_cancelled();
    if (cancelled) co_return false;
  }
  co_return !monitor_.end();
}

void Target::give_back(std::unique_ptr<Upstream> upstream) {
  if (idle_.size() >= kMostIdle || !upstream->inbox.empty()) return drop(std::move(upstream));
  upstream->idle_since = std::chrono::steady_clock::now();
  upstream->stream->expire_in(kIdleTime * 2);
  idle_.push_back(std::move(upstream));
}

void Target::drop(std::unique_ptr<Upstream> upstream) {
  if (upstream->channel != 0)
    monitor_.tell_channel_closed({upstream->channel, upstream->to_target, upstream->from_target, -1, {}, {}});
}

void Target::drop_idle(Moment now) {
  for (auto& upstream : idle_)
    if (upstream->idle_since + kIdleTime <= now) drop(std::move(upstream));
  std::erase(idle_, nullptr);
}

}  // namespace sallyport
