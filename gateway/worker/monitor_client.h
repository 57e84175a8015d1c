// The monitor as a worker sees it: questions as functions. Runs in: the workers.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <variant>

#include "base/result.h"
#include "base/unique_fd.h"
#include "gateway/wire/channel.h"
#include "gateway/wire/message.h"

namespace sallyport {

struct Beginning {
  Begin facts;
  UniqueFd socket;  // the rep's
};
struct WebBeginning {
  BeginWeb facts;
  UniqueFd socket;  // the first connection's
};
struct LogoffBeginning {
  BeginLogoff facts;
  UniqueFd socket;  // to the target, connected
};
struct GrantedWebTarget {
  WebTarget facts;
  UniqueFd socket;
};
struct GrantedTarget {
  TargetSocket facts;
  UniqueFd socket;
};
struct GrantedChannel {
  ChannelGranted facts;
  UniqueFd recording;  // empty when the channel is not recorded
};
struct GrantedDirect {
  std::uint32_t channel = 0;
  UniqueFd socket;  // connected
};

// One question is open at a time, beside any number of ask_direct(). Every function ends the process when the
// channel has closed: the monitor is gone. An Error carries the monitor's sentence (Refused, or End while a
// question was open). What is too long for the wire is cut, except a password or a response: those become
// empty, hence wrong.
class MonitorClient {
 public:
  MonitorClient(Channel channel, Incarnation incarnation)
      : channel_(std::move(channel)), incarnation_(incarnation) {}

  Result<Beginning> await_begin();
  Result<std::variant<WebBeginning, LogoffBeginning>> await_begin_web();
  // KeyChallenge: at the HTTPS door alone.
  using AfterPassword = std::variant<Challenge, QuestionWanted, KeyChallenge>;
  Result<AfterPassword> ask_password(const std::string& user, const Secret& password);
  Result<Challenge> ask_question(const Secret& question);
  Result<std::variant<Admitted, NotAdmitted>> ask_answer(const Secret& response);
  Result<GrantedTarget> ask_target();
  Result<GrantedWebTarget> ask_web_target();
  // The sentence for the rep.
  Result<std::string> ask_target_failed(TargetFault fault, const std::string& detail);
  Result<Connected> ask_connected(AskConnected ask);
  Result<GrantedChannel> ask_channel(AskChannel ask);
  // Does not wait: take_direct() has the answer to this token once it has come. An Error when there is
  // nothing to wait for.
  Result<std::uint32_t> ask_direct(const std::string& host, std::uint32_t port);
  // Once for each token; nothing while the monitor dials.
  std::optional<Result<GrantedDirect>> take_direct(std::uint32_t token);
  void tell_file(TellFile told);
  void tell_channel_closed(const TellChannelClosed& told);
  void tell_api_session(const Secret& session, bool over);
  void tell_logged_off(TellLoggedOff told);
  void tell_activity(std::uint64_t to_target, std::uint64_t from_target);
  void tell_finished(TellFinished told);

  int fd() const noexcept { return channel_.fd(); }
  // Takes in what came unasked. Call it when fd() is readable.
  void hear();
  // The next line to show to the rep, if there is one: a warning, or that the session is paused or goes on.
  std::optional<std::string> take_warning();
  // While the session is paused: nothing of the rep's may go to the target, be it heard before or after.
  bool holds_rep() const noexcept { return holds_rep_; }
  // The next connection of the same source address, if there is one.
  std::optional<UniqueFd> take_connection();
  // Set once the monitor has ended the session.
  const std::optional<std::string>& end() const noexcept { return end_; }

 private:
  struct Heard {
    Answer answer;
    UniqueFd descriptor;
  };
  void say(const Ask& ask);
  Result<Heard> ask(const Ask& question);
  Result<Heard> await_first();
  // An answer, or nothing when an unasked message was put aside or `timeout_ms` has passed.
  std::optional<Heard> listen(int timeout_ms);
  // Takes what the monitor says unasked, and answers that nobody waits for here.
  bool put_aside(Heard& heard);
  void put_aside_direct(std::uint32_t token, Result<GrantedDirect> answer);

  Channel channel_;
  Incarnation incarnation_;
  std::deque<std::string> warnings_;
  std::deque<UniqueFd> connections_;
  bool holds_rep_ = false;
  std::map<std::uint32_t, std::optional<Result<GrantedDirect>>> directs_;  // asked for, by token
  std::uint32_t next_token_ = 1;
  std::optional<std::string> end_;
};

}  // namespace sallyport
