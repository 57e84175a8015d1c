// Runs in: sallyport-https.
#include "gateway/https/exchange.h"

#include <boost/asio/experimental/awaitable_operators.hpp>

namespace sallyport {

namespace {

using namespace boost::asio::experimental::awaitable_operators;
using std::chrono_literals::operator""min;

// A target that takes or gives nothing for so long is cut: an HMC may think for minutes about an answer, and
// say nothing on an open stream of events for as long. What the rep owes, Stream's pace sees to.
constexpr auto kTargetTime = 15min;
constexpr auto kWebSocketTime = 24 * 60min;  // the session's own limits end it
// A target that says nothing else would never be silent.
constexpr int kMostInterim = 16;
constexpr std::size_t kTogether = 16 * 1024;  // bytes that are put into one piece

}  // namespace

Task<bool> Exchange::refuse(int status, const char* why) {
  told_.status = status;
  auto reply = pages_.fault(status, why);
  if (request_.method == "HEAD") reply.body.clear();
  const auto bytes = http::write_response_head(reply.head, http::Last::yes) + reply.body;
  const auto written = co_await rep_.write(bytes);
  told_.complete = written.has_value();
  co_return false;
}

Task<bool> Exchange::to_target(std::string_view bytes) {
  if (!target_.is_released()) {
    const bool may = co_await target_.until_released();
    if (!may) co_return false;
  }
  upstream_->stream->expire_in(kTargetTime);
  const auto written = co_await upstream_->stream->write(bytes);
  if (written) {
    upstream_->to_target += bytes.size();
    relayed_.to_target += bytes.size();
    told_.to_target += bytes.size();
  }
  co_return written.has_value();
}

Task<bool> Exchange::run(http::RequestHead request) {
  request_ = std::move(request);
  gate_ = request_.authority;
  rep_.begin_pace();
  if (const auto allowed = rewriter_.to_target(request_); !allowed) {
    const bool stays = co_await refuse(allowed.error().status, allowed.error().why);
    co_return stays;
  }
  upload_.emplace(BodyAccount::of_upload(request_));
  if (is_logon(request_)) {
    logon_.emplace();
    request_.fields.remove("Accept-Encoding");  // so that its answer can be read
  }
  const bool stays = co_await carry();
  told_.complete = told_.complete || (complete_ && sent_);
  if (upstream_) {
    if (reusable_ && sent_)
      target_.give_back(std::move(upstream_));
    else
      target_.drop(std::move(upstream_));
  }
  co_return stays;
}

std::vector<TellFile> Exchange::take_files() {
  std::vector<TellFile> files;
  const auto add = [&files](std::optional<BodyAccount>& account, bool complete) {
    if (!account) return;
    for (auto& file : account->finish(complete)) files.push_back(std::move(file));
    account.reset();
  };
  const bool accepted = told_.status >= 200 && told_.status < 400;
  add(upload_, sent_ && accepted);
  add(download_, complete_);
  return files;
}

std::optional<TellApiSession> Exchange::api_session() const {
  const bool done = told_.status >= 200 && told_.status < 300;
  auto session = !done                 ? Secret{}
                 : logon_              ? logon_->session()
                 : is_logoff(request_) ? session_of(request_)
                                       : Secret{};
  if (session.empty()) return std::nullopt;
  return TellApiSession{std::move(session), !logon_.has_value()};
}

Task<bool> Exchange::carry() {
  // A connection that the target has closed just now, unasked, is not the rep's fault: once more, on a new
  // one, if nothing was asked that could happen twice.
  const bool repeatable = request_.body.kind == http::BodySize::Kind::none &&
                          (request_.method == "GET" || request_.method == "HEAD");
  for (;;) {
    const bool may = co_await target_.until_released();  // a paused session gets no connection either
    if (!may) {
      const bool stays = co_await refuse(403, "the session has ended");
      co_return stays;
    }
    upstream_ = target_.take_idle();
    if (!upstream_) {
      auto made = co_await target_.make();
      if (!made) {
        const bool stays = co_await refuse(502, "the target cannot be reached");
        co_return stays;
      }
      upstream_ = *std::move(made);
    }
    const bool was_used = std::exchange(upstream_->used, true);
    // Told now that somebody listens: with no way to the target, the body is not asked for.
    if (request_.expects_continue) (void)co_await rep_.write("HTTP/1.1 100 Continue\r\n\r\n");
    const auto head = http::write_request_head(request_, rewriter_.site().target);
    const bool begun = co_await to_target(head);
    // A target may be quicker with its answer than send_and_watch() is begun.
    sent_ = begun && request_.body.kind == http::BodySize::Kind::none;
    if (sent_)
      co_await hear_for_rep();
    else if (begun)
      co_await (hear_response() || send_and_watch());
    if (heard_ || rep_failed_ || !was_used || !repeatable) break;
    target_.drop(std::move(upstream_));
  }
  if (!heard_) {
    if (rep_failed_ && rep_fault_ == kGone) co_return false;
    const bool stays =
        co_await refuse(rep_failed_ ? rep_fault_ : 502,
                        rep_failed_ ? "the body is not well-formed" : "the target did not answer");
    co_return stays;
  }
  // Parentheses for clang-format 14, which takes && behind co_return for a reference.
  co_return (complete_ && sent_ && request_.keep_alive);
}

// Chunks are written anew, whatever the rep's were.
Task<bool> Exchange::send_piece(std::string_view data) {
  upload_->see(data);
  if (request_.body.kind != http::BodySize::Kind::chunked) {
    const bool sent = co_await to_target(data);
    co_return sent;
  }
  std::string framed = http::chunk_head(data.size());
  framed.append(data).append(http::kChunkEnd);
  const bool sent = co_await to_target(framed);
  co_return sent;
}

Task<> Exchange::send_body() {
  http::BodyReader reader{request_.body};
  while (!reader.done()) {
    rep_.set_owing(true);
    const auto data = co_await from_rep_.read_body(reader);
    rep_.set_owing(false);
    if (!data) {
      const bool cancelled = co_await is_cancelled();
      if (cancelled) co_return;  // the target was done first
      rep_failed_ = true;
      rep_fault_ = data.error().status;
      upstream_->stream->cut();  // never half a request that looks like a whole one
      co_return;
    }
    if (data->empty()) break;
    const bool taken = co_await send_piece(*data);
    if (!taken) co_return;  // it may have answered all the same
  }
  const auto last = http::last_chunk(reader.trailers());
  sent_ = true;
  if (request_.body.kind == http::BodySize::Kind::chunked) sent_ = co_await to_target(last);
}

// A target may answer before it has all of the request: then this is given up, and closing the connection
// takes what the rep still sends. A rep may leave before the answer: then nobody waits for it any more.
Task<> Exchange::send_and_watch() {
  co_await asio::this_coro::throw_if_cancelled(false);
  co_await send_body();
  if (rep_failed_) co_return;
  bool gone = false;
  if (from_rep_.empty()) gone = co_await rep_.until_gone();
  if (!gone) co_await for_ever();  // the next request is there already: somebody waits
  const bool cancelled = co_await is_cancelled();
  rep_failed_ = !cancelled;
}

// With nothing more to send, only the response is waited for; that the rep leaves is noticed within a second.
Task<> Exchange::hear_for_rep() {
  Stream& target = *upstream_->stream;
  target.work_for(&rep_);
  co_await hear_response();
  target.work_for(nullptr);
  rep_failed_ = target.works_in_vain();
}

Task<http::Parsed<http::ResponseHead>> Exchange::final_head() {
  for (int interim = 0; interim <= kMostInterim; ++interim) {
    upstream_->stream->expire_in(kTargetTime);
    const auto head = co_await upstream_->inbox.read_head(kTargetHeadLimits);
    if (!head) co_return http::fault(502, head.error().why);
    auto response = http::parse_response_head(*head, request_);
    // What the target says in between is for us: the rep was asked to go on already.
    if (!response || !response->is_interim()) co_return response;
  }
  co_return http::fault(502, "a target that does not come to its answer");
}

Task<bool> Exchange::to_rep(std::string_view bytes) {
  if (bytes.empty()) co_return true;
  const auto written = co_await rep_.write(bytes);
  relayed_.from_target += bytes.size();
  told_.from_target += bytes.size();
  upstream_->from_target += bytes.size();
  co_return written.has_value();
}

Task<> Exchange::hear_response() {
  co_await asio::this_coro::throw_if_cancelled(false);
  auto response = co_await final_head();
  if (!response) {
    upstream_->stream->cut();
    co_return;
  }
  told_.status = response->status;
  const bool upgraded = response->status == 101;
  reusable_ = response->keep_alive && !upgraded;
  rewriter_.to_rep(*response, gate_);
  if (!upgraded) download_.emplace(BodyAccount::of_download(request_, *response));
  const auto size = response->body;
  response->body = http::body_for_rep(*response, request_.version);
  const bool last =
      !request_.keep_alive || !sent_ || response->body.kind == http::BodySize::Kind::until_close;
  heard_ = true;
  auto head = http::write_response_head(*response, last ? http::Last::yes : http::Last::no);
  if (last) request_.keep_alive = false;
  if (upgraded) {
    const bool begun = co_await to_rep(head);
    upstream_->stream->work_for(nullptr);  // the rep's bytes are read from now on
    if (begun) co_await relay_raw();
    co_return;
  }
  const bool good = co_await pass_body(size, response->body, std::move(head));
  complete_ = good;
  if (!good) upstream_->stream->cut();
}

// What is there already goes to the rep together with the head: a small response is one record and one
// packet. Before the target is waited for, all of it is with the rep.
Task<bool> Exchange::pass_body(const http::BodySize& size, const http::BodySize& as, std::string begun) {
  http::BodyReader reader{size};
  const bool chunked = as.kind == http::BodySize::Kind::chunked;
  while (!reader.done()) {
    auto data = upstream_->inbox.take_body(reader);
    const bool waits = data && data->empty() && !reader.done();
    if (!data || waits || begun.size() >= kTogether) {
      const bool written = co_await to_rep(begun);
      if (!written || !data) co_return false;  // the rep sees a body cut short, as it is
      begun.clear();
    }
    if (waits) {
      upstream_->stream->expire_in(kTargetTime);
      data = co_await upstream_->inbox.read_body(reader);
      if (!data) co_return false;
    }
    if (data->empty()) break;
    download_->see(*data);
    if (logon_) logon_->see(*data);
    if (begun.empty() && !chunked) {
      const bool written = co_await to_rep(*data);
      if (!written) co_return false;
      continue;
    }
    if (chunked) begun.append(http::chunk_head(data->size()));
    begun.append(*data);
    if (chunked) begun.append(http::kChunkEnd);
  }
  if (chunked) begun.append(http::last_chunk(reader.trailers()));
  const bool written = co_await to_rep(begun);
  co_return written;
}

Task<> Exchange::pump_to_target() {
  co_await asio::this_coro::throw_if_cancelled(false);
  for (;;) {
    const auto data = co_await from_rep_.read_raw();
    if (!data || data->empty()) co_return;
    websocket_->to_target.update(*data);
    const bool written = co_await to_target(*data);
    upstream_->stream->expire_in(kWebSocketTime);
    if (!written) co_return;
  }
}

Task<> Exchange::pump_to_rep() {
  co_await asio::this_coro::throw_if_cancelled(false);
  for (;;) {
    upstream_->stream->expire_in(kWebSocketTime);
    const auto data = co_await upstream_->inbox.read_raw();
    if (!data || data->empty()) co_return;
    websocket_->from_target.update(*data);
    const bool written = co_await to_rep(*data);
    if (!written) co_return;
  }
}

// A WebSocket's bytes are the two ends' own. When one has ended, so has it.
Task<> Exchange::relay_raw() {
  websocket_.emplace();
  co_await (pump_to_target() || pump_to_rep());
  told_.sha256_to_target = websocket_->to_target.hex();
  told_.sha256_from_target = websocket_->from_target.hex();
}

}  // namespace sallyport
