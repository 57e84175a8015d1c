// Every question a worker may ask the monitor: a closed set, each with explicit limits
// (gateway/wire/message.h). Runs in: sallyportd, the workers.
#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include "base/secret.h"
#include "gateway/wire/limits.h"

namespace sallyport {

// What the two ends of a leg agreed on. A cipher or MAC that differs by direction: "a / b", a towards the
// peer.
struct Negotiated {
  std::string key_exchange, cipher, mac;
  template <class V>
  void visit(V& v) {
    v.text(key_exchange, limit::negotiated);
    v.text(cipher, limit::negotiated);
    v.text(mac, limit::negotiated);
  }
};

// ---- Worker to monitor: asks. Each bears the same name three times: ask_target (worker), on_target
// (monitor), and the verb that does it.

// The rep's user name and password. The answer is a Challenge, QuestionWanted or KeyChallenge, whatever they
// are (I11).
struct AskPassword {
  std::string user;
  Secret password;
  template <class V>
  void visit(V& v) {
    v.text(user, limit::user);
    v.secret(password, limit::password);
  }
};
// The rep's question to the gate, where QuestionWanted asked for it (mutual authentication). Answer:
// Challenge.
struct AskQuestion {
  std::string question;  // as typed
  template <class V>
  void visit(V& v) {
    v.text(question, limit::response);
  }
};
// The rep's response to the last challenge. Answer: Admitted or NotAdmitted.
struct AskAnswer {
  Secret response;
  template <class V>
  void visit(V& v) {
    v.secret(response, limit::response);
  }
};
// A connected socket to the granted target. Answer: TargetSocket with a descriptor, or Refused.
struct AskTarget {
  template <class V>
  void visit(V&) {}
};
enum class TargetFault : std::uint8_t {
  host_key,
  login_refused,
  protocol,
  timed_out,
  closed,
  algorithms,
  certificate
};
inline constexpr auto kLastTargetFault = TargetFault::certificate;
// The target answered, but its key is not the pinned one, or it lets nobody in. Answer: Refused, with the
// sentence for the rep.
struct AskTargetFailed {
  TargetFault fault = TargetFault::protocol;
  std::string detail;
  template <class V>
  void visit(V& v) {
    v.enumeration(fault, kLastTargetFault);
    v.text(detail, limit::sentence);
  }
};
// The target has let the rep in: the session begins. Answer: Connected, or Refused.
struct AskConnected {
  Negotiated rep, target;  // for the record
  template <class V>
  void visit(V& v) {
    rep.visit(v);
    target.visit(v);
  }
};
// `requests`: no program, but what a session at the HTTPS door asks of the target, one line each.
enum class ChannelKind : std::uint8_t { shell, exec, subsystem, requests };
inline constexpr auto kLastChannelKind = ChannelKind::requests;
// I6: every terminal, a shell also without one (ssh -T): both are somebody at work; and all requests.
inline bool is_recorded(ChannelKind kind, bool terminal) noexcept {
  return terminal || kind == ChannelKind::shell || kind == ChannelKind::requests;
}
// Leave to start a program on a channel. Answer: ChannelGranted (with the recording's append-only descriptor
// when there is a terminal), or Refused.
struct AskChannel {
  ChannelKind kind = ChannelKind::shell;
  bool terminal = false;
  std::string term;
  std::uint32_t columns = 0, rows = 0;
  std::string command;  // the command line of exec, the name of a subsystem
  template <class V>
  void visit(V& v) {
    v.enumeration(kind, kLastChannelKind);
    v.boolean(terminal);
    v.text(term, limit::term);
    v.u32(columns);
    v.u32(rows);
    v.text(command, limit::command);
  }
};
// A connected socket to one more port of the target, for a direct-tcpip channel (RFC 4254, section 7.2).
// Answered when it is connected or refused, whatever was asked in between: DirectGranted with a descriptor,
// or DirectRefused, with the same token.
struct AskDirect {
  std::uint32_t token = 0;
  std::string host;  // as the rep wrote it
  std::uint32_t port = 0;
  template <class V>
  void visit(V& v) {
    v.u32(token);
    v.text(host, limit::host);
    v.u32(port);
  }
};
// A channel is done. No answer.
struct TellChannelClosed {
  std::uint32_t channel = 0;
  std::uint64_t to_target = 0, from_target = 0;  // bytes relayed
  std::int64_t exit_status = -1;                 // -1: none was sent
  // Of a channel whose bytes nobody follows: the SHA-256, in hexadecimal, of what went each way.
  std::string sha256_to_target, sha256_from_target;
  template <class V>
  void visit(V& v) {
    v.u32(channel);
    v.u64(to_target);
    v.u64(from_target);
    v.i64(exit_status);
    v.text(sha256_to_target, limit::sha256);
    v.text(sha256_from_target, limit::sha256);
  }
};
enum class FileAct : std::uint8_t {
  sent,            // a file's bytes went to the target
  fetched,         // a file's bytes came from the target
  copied,          // by the target itself, to `other`
  renamed,         // to `other`
  removed,         //
  changed,         // mode, owner, times or size: `detail`
  folder_made,     //
  folder_removed,  //
  hard_link,       // of the file `other`
  symbolic_link,   // to `other`
  refused,         // by the policy: `detail`
  unaccounted,     // from here on the channel's bytes cannot be told apart into files: `detail`
};
inline constexpr auto kLastFileAct = FileAct::unaccounted;
// Whether there is a hash of a file's bytes, and why not.
enum class FileHash : std::uint8_t { none, known, not_from_start, not_in_order, appended, changed_there };
inline constexpr auto kLastFileHash = FileHash::changed_there;
// What was done with a file on a channel that carries files. No answer.
struct TellFile {
  std::uint32_t channel = 0;
  FileAct act = FileAct::sent;
  std::string path, other;  // as the representative's client named them
  std::uint64_t size = 0;   // bytes that went over the channel
  FileHash hash = FileHash::none;
  std::string sha256;     // hexadecimal, when `hash` is known
  bool complete = false;  // the file was closed, and nothing of it was missing or failed
  std::string detail;
  template <class V>
  void visit(V& v) {
    v.u32(channel);
    v.enumeration(act, kLastFileAct);
    v.text(path, limit::file);
    v.text(other, limit::file);
    v.u64(size);
    v.enumeration(hash, kLastFileHash);
    v.text(sha256, limit::sha256);
    v.boolean(complete);
    v.text(detail, limit::sentence);
  }
};
// Bytes relayed since the session began, at most once a second and only when they changed. Feeds the idle
// clock and the counters. No answer.
struct TellActivity {
  std::uint64_t to_target = 0, from_target = 0;
  template <class V>
  void visit(V& v) {
    v.u64(to_target);
    v.u64(from_target);
  }
};
// A session of the target's REST API was made for the rep, or is `over`. No answer.
struct TellApiSession {
  Secret session;
  bool over = false;
  template <class V>
  void visit(V& v) {
    v.secret(session, limit::api_session);
    v.boolean(over);
  }
};
// The one thing that a worker says that was begun with BeginLogoff.
struct TellLoggedOff {
  std::uint32_t ended = 0, failed = 0;
  std::string fault;  // of the connection; may be empty
  template <class V>
  void visit(V& v) {
    v.u32(ended);
    v.u32(failed);
    v.text(fault, limit::sentence);
  }
};
enum class Finish : std::uint8_t {
  rep_left,
  target_left,
  recording_failed,
  rep_protocol,
  target_protocol,
  worker_fault
};
inline constexpr auto kLastFinish = Finish::worker_fault;
// The worker's last word. No answer; the worker exits.
struct TellFinished {
  Finish why = Finish::rep_left;
  std::string detail;
  std::uint64_t to_target = 0, from_target = 0;
  template <class V>
  void visit(V& v) {
    v.enumeration(why, kLastFinish);
    v.text(detail, limit::sentence);
    v.u64(to_target);
    v.u64(from_target);
  }
};

using Ask = std::variant<AskPassword, AskAnswer, AskTarget, AskTargetFailed, AskConnected, AskChannel,
                         AskDirect, TellFile, TellChannelClosed, TellActivity, TellFinished, AskQuestion,
                         TellApiSession, TellLoggedOff>;

}  // namespace sallyport
