// Runs in: sallyport-https.
#include "gateway/https/server.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "base/check.h"
#include "gateway/worker/lifetime.h"

namespace sallyport {

namespace {

using std::chrono_literals::operator""s;
using std::chrono_literals::operator""ms;

constexpr auto kHandshakeTime = 10s, kHeadTime = 10s, kFormTime = 10s, kReplyTime = 20s;
constexpr auto kIdleTime = 120s;
constexpr auto kLastRecords = 50ms;
constexpr auto kMostWork = 2s;  // of the processor, in one turn
constexpr std::size_t kMostConnections = 1024;
constexpr std::size_t kMostForm = 56 * 1024;  // a signature of limit::response, each byte as %XX, and a rest

// Ours do not throw; a library's that does (memory) means that this worker cannot go on.
void no_exception(const std::exception_ptr& thrown) { our_bug(thrown != nullptr, "a coroutine has thrown"); }

}  // namespace

Server::Server(asio::io_context& io, MonitorClient& monitor, const BeginWeb& begin, TlsContext context,
               Random& random, const Clock& clock)
    : io_(io),
      monitor_(monitor),
      profile_(begin.profile),
      context_(std::move(context)),
      random_(random),
      portal_(Pages{begin.banner, begin.gate}, *this, random),
      streams_(io),
      heard_(io),
      target_(io, streams_, monitor, heard_),
      clock_(clock),
      end_(io) {}

TellFinished Server::run(UniqueFd first) {
  asio::co_spawn(io_, listen_to_monitor(), no_exception);
  asio::co_spawn(io_, tick(), no_exception);
  welcome(std::move(first));
  io_.run();
  streams_.cut_all();
  auto word = last_word_.value_or(TellFinished{Finish::worker_fault, "nothing left to do", 0, 0});
  word.to_target = relayed_.to_target;
  word.from_target = relayed_.from_target;
  return word;
}

void Server::welcome(UniqueFd socket) {
  if (connections_ >= kMostConnections) return;  // closes it
  asio::co_spawn(io_, serve(std::move(socket)), no_exception);
}

// ---- what the monitor says

Task<> Server::listen_to_monitor() {
  Descriptor channel{io_, monitor_.fd()};
  for (;;) {
    const auto [error] = co_await channel.async_wait(Descriptor::wait_read, kAwait);
    if (error) break;
    monitor_.hear();
    take_in();
  }
  (void)channel.release();  // the client's
}

// Also after a question, whose answer may have had others before it.
void Server::take_in() {
  heard_.raise();
  while (auto socket = monitor_.take_connection()) welcome(*std::move(socket));
  while (auto warning = monitor_.take_warning()) portal_.warn(*warning);
  if (!monitor_.end() || portal_.has_ended()) return;
  portal_.end(*monitor_.end());
  for (auto* const exchange : running_) exchange->break_off();
  // The monitor has cut the target, and kills this process in a moment; the pages that are open may still ask
  // why.
  finish_in(60s, {Finish::rep_left, "", 0, 0});
}

Task<> Server::tick() {
  Timer second{io_};
  for (;;) {
    limit_work(kMostWork);
    second.expires_after(1s);
    const auto [error] = co_await second.async_wait(kAwait);
    if (error) co_return;
    const auto now = std::chrono::steady_clock::now();
    streams_.look_through(now);
    target_.drop_idle(now);
    const bool moved = relayed_.to_target != told_.to_target || relayed_.from_target != told_.from_target;
    if (!connected_ || !moved || monitor_.end()) continue;
    told_ = relayed_;
    monitor_.tell_activity(told_.to_target, told_.from_target);
  }
}

void Server::finish_in(std::chrono::milliseconds time, TellFinished word) {
  last_word_ = std::move(word);
  end_.expires_after(time);
  end_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    // What was under way breaks off, and says in the record how far it came.
    streams_.cut_all();
    end_.expires_after(kLastRecords);
    end_.async_wait([this](const boost::system::error_code& again) {
      if (!again) io_.stop();
    });
  });
}

// ---- what the portal asks

Result<Gatekeeper::AfterPassword> Server::challenge(const std::string& user, const Secret& password) {
  auto next = monitor_.ask_password(user, password);
  take_in();
  return next;
}

Result<std::string> Server::question(const Secret& question) {
  auto challenge = monitor_.ask_question(question);
  take_in();
  if (!challenge) return tl::unexpected{challenge.error()};
  return std::move(challenge->prompt);
}

Result<Gatekeeper::Verdict> Server::answer(const Secret& response) {
  auto verdict = monitor_.ask_answer(response);
  take_in();
  if (!verdict) return tl::unexpected{verdict.error()};
  if (const auto* const no = std::get_if<NotAdmitted>(&*verdict)) {
    if (no->again) return Verdict::try_again;
    finish_in(2s, {Finish::rep_left, "", 0, 0});
    return Verdict::refused;
  }
  session_ = std::get<Admitted>(*verdict).session;
  return Verdict::admitted;
}

void Server::leave() {
  connected_ = false;
  finish_in(500ms, {Finish::rep_left, "logged out", 0, 0});
}

Done Server::open_record() {
  AskChannel ask;
  ask.kind = ChannelKind::requests;
  ASSIGN_OR_RETURN(auto granted, monitor_.ask_channel(std::move(ask)));
  ASSIGN_OR_RETURN(auto log,
                   RequestLog::start(std::move(granted.recording), granted.facts.recording_limit, clock_));
  log_.emplace(std::move(log));
  log_channel_ = granted.facts.channel;
  return {};
}

// The monitor ends the session; nothing of the rep's goes to the target any more.
void Server::cannot_record(const Error& error) {
  portal_.end("this session cannot be recorded");
  finish_in(500ms, {Finish::recording_failed, error.message(), 0, 0});
}

Task<Result<Portal::Session>> Server::enter(const Negotiated& rep) {
  auto granted = monitor_.ask_web_target();
  take_in();
  auto agreed = Result<Negotiated>{};
  if (granted)
    agreed = co_await target_.begin(*std::move(granted), profile_);
  else
    agreed = tl::unexpected{granted.error()};
  if (!agreed) {
    finish_in(5s, {Finish::target_left, agreed.error().message(), 0, 0});
    co_return tl::unexpected{agreed.error()};
  }
  auto connected = monitor_.ask_connected(AskConnected{rep, *agreed});
  take_in();
  if (!connected) co_return tl::unexpected{connected.error()};
  const auto recorded = open_record();
  take_in();
  if (!recorded) {
    cannot_record(recorded.error());
    co_return tl::unexpected{recorded.error()};
  }
  connected_ = true;
  constexpr std::string_view kAlphabet = "abcdefghijklmnopqrstuvwxyz0123456789";
  rewriter_.emplace(http::Site{target_.facts().name, target_.facts().aliases},
                    random_text(random_, kAlphabet, 12));
  co_return Portal::Session{session_, std::move(connected->notice)};
}

// ---- a connection of the rep's

Task<> Server::serve(UniqueFd socket) {
  auto rep = Stream::over(io_, streams_, std::move(socket), *context_);
  if (!rep) co_return;
  ++connections_;
  (*rep)->expire_in(kHandshakeTime);
  const auto accepted = co_await (*rep)->accept();
  if (accepted) {
    Inbox inbox{**rep};
    for (bool stays = true; stays;) stays = co_await serve_one(**rep, inbox);
    co_await (*rep)->close();
  }
  --connections_;
}

Task<bool> Server::reply(Stream& rep, Reply reply, const http::RequestHead& request, http::Last last) {
  if (!request.keep_alive) last = http::Last::yes;
  if (request.method == "HEAD") reply.body.clear();
  rep.expire_in(kReplyTime);
  const auto bytes = http::write_response_head(reply.head, last) + reply.body;
  const auto written = co_await rep.write(bytes);
  co_return (written && last == http::Last::no);
}

Task<bool> Server::serve_one(Stream& rep, Inbox& inbox) {
  rep.expire_in(kIdleTime);
  const bool begun = co_await inbox.wait();
  if (!begun) co_return false;
  rep.expire_in(kHeadTime);
  const auto head = co_await inbox.read_head({});
  auto request =
      head ? http::parse_request_head(*head) : http::Parsed<http::RequestHead>{tl::unexpected{head.error()}};
  if (!request) {
    if (request.error().status == kGone) co_return false;
    const http::RequestHead unread;
    auto refusal = portal_.pages().fault(request.error().status, request.error().why);
    const bool stays = co_await reply(rep, std::move(refusal), unread, http::Last::yes);
    co_return stays;
  }
  if (Portal::is_portal(*request)) {
    const bool stays = co_await serve_portal(rep, inbox, *request);
    co_return stays;
  }
  if (!portal_.is_logged_in(*request)) {
    // What else was sent is not looked at.
    const auto last = request->body.kind == http::BodySize::Kind::none ? http::Last::no : http::Last::yes;
    auto refusal = portal_.stranger(*request);
    const bool stays = co_await reply(rep, std::move(refusal), *request, last);
    co_return stays;
  }
  SSL_clear_options(rep.tls(), SSL_OP_CLEANSE_PLAINTEXT);  // the login's forms are behind it
  const bool stays = co_await carry(rep, inbox, *std::move(request));
  co_return stays;
}

Task<bool> Server::carry(Stream& rep, Inbox& inbox, http::RequestHead request) {
  const auto begun = clock_.boot();
  const auto number = log_->begin(request);
  if (!number) {
    cannot_record(number.error());
    co_return false;
  }
  Exchange exchange{rep, inbox, target_, *rewriter_, portal_.pages(), relayed_};
  running_.insert(&exchange);
  const bool stays = co_await exchange.run(std::move(request));
  running_.erase(&exchange);
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(clock_.boot() - begun);
  auto noted = log_->end(*number, exchange.end(), took);
  if (const auto made = exchange.api_session()) {
    monitor_.tell_api_session(made->session, made->over);
    if (noted) noted = log_->api_session(*number, *made);
  }
  for (auto& file : exchange.take_files()) {
    if (noted) noted = log_->file(*number, file);
    file.channel = log_channel_;
    monitor_.tell_file(std::move(file));
  }
  if (!noted) {
    cannot_record(noted.error());
    co_return false;
  }
  co_return stays;
}

Task<bool> Server::serve_portal(Stream& rep, Inbox& inbox, const http::RequestHead& request) {
  rep.expire_in(kFormTime);
  if (request.expects_continue) (void)co_await rep.write("HTTP/1.1 100 Continue\r\n\r\n");
  http::BodyReader reader{request.body};
  std::string form;
  form.reserve(kMostForm);  // one place to wipe
  while (!reader.done()) {
    const auto data = co_await inbox.read_body(reader);
    const bool too_long = data && form.size() + data->size() > kMostForm;
    if (data && !too_long) {
      form += *data;
      continue;
    }
    wipe(form);
    if (!data && data.error().status == kGone) co_return false;
    auto refusal = portal_.pages().fault(too_long ? 413 : 400, "this is no form");
    (void)co_await reply(rep, std::move(refusal), request, http::Last::yes);
    co_return false;
  }
  auto answer = portal_.serve(request, form);
  wipe(form);
  inbox.wipe_read();
  if (!answer) {
    auto session = co_await enter(negotiated_by(rep.tls()));
    answer = portal_.entered(std::move(session));
  }
  const auto last = portal_.has_ended() ? http::Last::yes : http::Last::no;
  const bool stays = co_await reply(rep, *std::move(answer), request, last);
  co_return stays;
}

}  // namespace sallyport
