// Server: all connections of one source address, and the one session that may come of them.
// Runs in: sallyport-https.
#pragma once

#include <memory>
#include <optional>
#include <set>

#include "base/clock.h"
#include "base/random.h"
#include "gateway/https/exchange.h"
#include "gateway/https/portal.h"
#include "gateway/https/request_log.h"
#include "gateway/https/target.h"

namespace sallyport {

class Server final : private Gatekeeper {
 public:
  Server(asio::io_context& io, MonitorClient& monitor, const BeginWeb& begin, TlsContext context,
         Random& random, const Clock& clock);

  // Serves until the monitor ends it, or the rep logs out. The last word for the monitor.
  TellFinished run(UniqueFd first);

 private:
  Result<AfterPassword> challenge(const std::string& user, const Secret& password) override;
  Result<std::string> question(const Secret& question) override;
  Result<Verdict> answer(const Secret& response) override;
  void leave() override;

  void welcome(UniqueFd socket);
  Task<> listen_to_monitor();
  Task<> tick();
  Task<> serve(UniqueFd socket);
  Task<bool> serve_one(Stream& rep, Inbox& inbox);
  Task<bool> serve_portal(Stream& rep, Inbox& inbox, const http::RequestHead& request);
  Task<bool> reply(Stream& rep, Reply reply, const http::RequestHead& request, http::Last last);
  Task<Result<Portal::Session>> enter(const Negotiated& rep);
  Done open_record();
  // A request of the rep's, recorded before and after (I6).
  Task<bool> carry(Stream& rep, Inbox& inbox, http::RequestHead request);
  void cannot_record(const Error& error);
  void take_in();
  void finish_in(std::chrono::milliseconds time, TellFinished word);

  asio::io_context& io_;
  MonitorClient& monitor_;
  TlsProfile profile_;
  TlsContext context_;
  Random& random_;
  Portal portal_;
  Streams streams_;
  Signal heard_;
  Target target_;
  std::optional<http::Rewriter> rewriter_;
  std::string session_;
  std::optional<RequestLog> log_;
  std::uint32_t log_channel_ = 0;
  const Clock& clock_;
  Relayed relayed_, told_;
  std::set<Exchange*> running_;
  std::size_t connections_ = 0;
  bool connected_ = false;
  std::optional<TellFinished> last_word_;
  Timer end_;
};

}  // namespace sallyport
