// Runs in: the workers.
#include "gateway/worker/monitor_client.h"

#include <poll.h>

#include "base/log.h"
#include "gateway/worker/lifetime.h"

namespace sallyport {

namespace {

// After End the monitor may not answer the open question any more.
constexpr int kAnswerAfterEndMs = 200;

Secret within(const Secret& secret, std::size_t limit) {
  return secret.size() > limit ? Secret{} : secret.clone();
}

std::string cut(const std::string& text, std::size_t limit) { return text.substr(0, limit); }

// The monitor is the trusted side: an answer that does not fit means that this worker is confused.
[[noreturn]] void leave_confused(std::string_view what) {
  log_error("worker: {}", what);
  leave_without_monitor();
}

// Refused becomes an Error, the expected answer itself; anything else cannot be.
template <class Expected>
Result<Expected> expect(Answer&& answer) {
  if (auto* const refused = std::get_if<Refused>(&answer)) return tl::unexpected{Error{refused->sentence}};
  if (auto* const expected = std::get_if<Expected>(&answer)) return std::move(*expected);
  leave_confused("unexpected answer of the monitor");
}

}  // namespace

Result<MonitorClient::Heard> MonitorClient::await_first() {
  for (;;) {
    auto heard = listen(-1);
    if (!heard && end_) return fail("{}", *end_);
    if (!heard) continue;
    if (!heard->descriptor) return fail("the monitor sent no socket");
    return *std::move(heard);
  }
}

Result<Beginning> MonitorClient::await_begin() {
  ASSIGN_OR_RETURN(auto first, await_first());
  ASSIGN_OR_RETURN(auto facts, expect<Begin>(std::move(first.answer)));
  return Beginning{std::move(facts), std::move(first.descriptor)};
}

Result<std::variant<WebBeginning, LogoffBeginning>> MonitorClient::await_begin_web() {
  using First = std::variant<WebBeginning, LogoffBeginning>;
  ASSIGN_OR_RETURN(auto first, await_first());
  if (auto* const logoff = std::get_if<BeginLogoff>(&first.answer))
    return First{LogoffBeginning{std::move(*logoff), std::move(first.descriptor)}};
  ASSIGN_OR_RETURN(auto facts, expect<BeginWeb>(std::move(first.answer)));
  return First{WebBeginning{std::move(facts), std::move(first.descriptor)}};
}

Result<MonitorClient::AfterPassword> MonitorClient::ask_password(const std::string& user,
                                                                 const Secret& password) {
  ASSIGN_OR_RETURN(auto heard, ask(AskPassword{cut(user, limit::user), within(password, limit::password)}));
  if (auto* const wanted = std::get_if<QuestionWanted>(&heard.answer)) return AfterPassword{*wanted};
  if (auto* const key = std::get_if<KeyChallenge>(&heard.answer)) return AfterPassword{std::move(*key)};
  ASSIGN_OR_RETURN(auto challenge, expect<Challenge>(std::move(heard.answer)));
  return AfterPassword{std::move(challenge)};
}

Result<Challenge> MonitorClient::ask_question(const Secret& question) {
  const auto bounded = within(question, limit::response);
  ASSIGN_OR_RETURN(auto heard, ask(AskQuestion{std::string{bounded.reveal()}}));
  return expect<Challenge>(std::move(heard.answer));
}

Result<std::variant<Admitted, NotAdmitted>> MonitorClient::ask_answer(const Secret& response) {
  ASSIGN_OR_RETURN(auto heard, ask(AskAnswer{within(response, limit::response)}));
  using Verdict = std::variant<Admitted, NotAdmitted>;
  if (auto* const no = std::get_if<NotAdmitted>(&heard.answer)) return Verdict{*no};
  ASSIGN_OR_RETURN(auto admitted, expect<Admitted>(std::move(heard.answer)));
  return Verdict{std::move(admitted)};
}

Result<GrantedTarget> MonitorClient::ask_target() {
  ASSIGN_OR_RETURN(auto heard, ask(AskTarget{}));
  ASSIGN_OR_RETURN(auto facts, expect<TargetSocket>(std::move(heard.answer)));
  if (!heard.descriptor) return fail("the monitor sent no socket to the target");
  return GrantedTarget{std::move(facts), std::move(heard.descriptor)};
}

Result<GrantedWebTarget> MonitorClient::ask_web_target() {
  ASSIGN_OR_RETURN(auto heard, ask(AskTarget{}));
  ASSIGN_OR_RETURN(auto facts, expect<WebTarget>(std::move(heard.answer)));
  if (!heard.descriptor) return fail("the monitor sent no socket to the target");
  return GrantedWebTarget{std::move(facts), std::move(heard.descriptor)};
}

Result<std::string> MonitorClient::ask_target_failed(TargetFault fault, const std::string& detail) {
  ASSIGN_OR_RETURN(auto heard, ask(AskTargetFailed{fault, cut(detail, limit::sentence)}));
  auto* const refused = std::get_if<Refused>(&heard.answer);
  if (refused == nullptr) leave_confused("unexpected answer of the monitor");
  return std::move(refused->sentence);
}

Result<Connected> MonitorClient::ask_connected(AskConnected question) {
  ASSIGN_OR_RETURN(auto heard, ask(std::move(question)));
  return expect<Connected>(std::move(heard.answer));
}

Result<GrantedChannel> MonitorClient::ask_channel(AskChannel question) {
  question.term = cut(question.term, limit::term);
  // A command cut short would be another command: refuse it.
  if (question.command.size() > limit::command)
    return fail("the command is longer than {} bytes", limit::command);
  ASSIGN_OR_RETURN(auto heard, ask(question));
  ASSIGN_OR_RETURN(const auto facts, expect<ChannelGranted>(std::move(heard.answer)));
  if (is_recorded(question.kind, question.terminal) && !heard.descriptor)
    return fail("this session cannot be recorded");  // I6
  return GrantedChannel{facts, std::move(heard.descriptor)};
}

Result<std::uint32_t> MonitorClient::ask_direct(const std::string& host, std::uint32_t port) {
  if (end_) return fail("{}", *end_);
  // A name cut short would be another host: refuse it.
  if (host.size() > limit::host) return fail("the host's name is longer than {} bytes", limit::host);
  const auto token = next_token_++;
  directs_.emplace(token, std::nullopt);
  say(AskDirect{token, host, port});
  return token;
}

std::optional<Result<GrantedDirect>> MonitorClient::take_direct(std::uint32_t token) {
  const auto found = directs_.find(token);
  if (found == directs_.end() || !found->second) return std::nullopt;
  return std::move(directs_.extract(found).mapped());
}

void MonitorClient::tell_file(TellFile told) {
  told.path = cut(told.path, limit::file);
  told.other = cut(told.other, limit::file);
  told.detail = cut(told.detail, limit::sentence);
  say(told);
}

void MonitorClient::tell_channel_closed(const TellChannelClosed& told) { say(told); }

void MonitorClient::tell_api_session(const Secret& session, bool over) {
  say(TellApiSession{session.clone(), over});
}

void MonitorClient::tell_logged_off(TellLoggedOff told) {
  told.fault = cut(told.fault, limit::sentence);
  say(told);
}

void MonitorClient::tell_activity(std::uint64_t to_target, std::uint64_t from_target) {
  say(TellActivity{to_target, from_target});
}

void MonitorClient::tell_finished(TellFinished told) {
  told.detail = cut(told.detail, limit::sentence);
  say(told);
}

void MonitorClient::say(const Ask& words) {
  const auto bytes = encode(incarnation_, words);
  for (;;) {
    const auto sent = channel_.send(bytes);
    if (sent) return;
    if (sent.error().code() != EAGAIN) leave_without_monitor();
    // A worker that waits for many things at once has made its end non-blocking.
    pollfd full{channel_.fd(), POLLOUT, 0};
    (void)poll(&full, 1, -1);
  }
}

Result<MonitorClient::Heard> MonitorClient::ask(const Ask& question) {
  if (end_) return fail("{}", *end_);
  say(question);
  for (bool ended = false;;) {
    if (auto heard = listen(ended ? kAnswerAfterEndMs : -1)) return std::move(*heard);
    if (ended) return fail("{}", *end_);
    ended = end_.has_value();
  }
}

std::optional<MonitorClient::Heard> MonitorClient::listen(int timeout_ms) {
  auto frame = channel_.receive_within(timeout_ms);
  if (!frame && frame.error().code() == ETIMEDOUT) return std::nullopt;
  if (!frame && (frame.error().code() == EAGAIN || frame.error().code() == EINTR)) return std::nullopt;
  if (!frame) leave_without_monitor();
  auto answer = decode_answer(incarnation_, frame->bytes.reveal());
  if (!answer) leave_confused(answer.error().message());
  Heard heard{std::move(*answer), std::move(frame->descriptor)};
  if (put_aside(heard)) return std::nullopt;
  return heard;
}

bool MonitorClient::put_aside(Heard& heard) {
  if (auto* const warn = std::get_if<Warn>(&heard.answer)) {
    warnings_.push_back(std::move(warn->sentence));
  } else if (auto* const hold = std::get_if<Hold>(&heard.answer)) {
    holds_rep_ = hold->held;
    warnings_.push_back(std::move(hold->sentence));
  } else if (auto* const end = std::get_if<End>(&heard.answer)) {
    end_ = std::move(end->sentence);
  } else if (std::holds_alternative<AnotherConnection>(heard.answer)) {
    if (heard.descriptor) connections_.push_back(std::move(heard.descriptor));
  } else if (auto* const granted = std::get_if<DirectGranted>(&heard.answer)) {
    put_aside_direct(granted->token, GrantedDirect{granted->channel, std::move(heard.descriptor)});
  } else if (auto* const refused = std::get_if<DirectRefused>(&heard.answer)) {
    put_aside_direct(refused->token, tl::unexpected{Error{refused->sentence}});
  } else {
    return false;
  }
  return true;
}

// No more than was asked for.
void MonitorClient::put_aside_direct(std::uint32_t token, Result<GrantedDirect> answer) {
  const auto asked = directs_.find(token);
  if (asked == directs_.end() || asked->second) leave_confused("an answer of the monitor without a question");
  if (answer && !answer->socket) leave_confused("the monitor sent no socket to the port");
  asked->second = std::move(answer);
}

void MonitorClient::hear() {
  if (listen(0)) leave_confused("an answer of the monitor without a question");
}

std::optional<UniqueFd> MonitorClient::take_connection() {
  if (connections_.empty()) return std::nullopt;
  auto connection = std::move(connections_.front());
  connections_.pop_front();
  return connection;
}

std::optional<std::string> MonitorClient::take_warning() {
  if (warnings_.empty()) return std::nullopt;
  auto warning = std::move(warnings_.front());
  warnings_.pop_front();
  return warning;
}

}  // namespace sallyport
