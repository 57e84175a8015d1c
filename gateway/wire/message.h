// Every question a worker may ask the monitor, and every answer: a closed set, each with explicit limits.
// One message is one SOCK_SEQPACKET datagram (gateway/wire/channel.h); docs/WIRE.md describes the bytes.
// Runs in: sallyportd, the workers.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "base/result.h"
#include "base/secret.h"
#include "base/ssh_algorithms.h"
#include "base/tls_profile.h"
#include "gateway/wire/api_token.h"

namespace sallyport {

inline constexpr std::size_t kMessageLimit = 64 * 1024;

// Limits of single fields, in bytes.
namespace limit {
inline constexpr std::size_t user = 64, password = 512, response = 16 * 1024, prompt = 12 * 1024,
                             sentence = 512, name = 64, term = 64, host = 255, command = 16 * 1024,
                             key = 16 * 1024, banner = 4096, keys = 16, file = 4096, sha256 = 64,
                             algorithms = 32, algorithm = 64, negotiated = 2 * algorithm + 3,
                             certificates = 32 * 1024, authority = 261, aliases = 16, pins = 8, pin = 44,
                             api_sessions = 24, api_session = kLongestApiToken, credentials = 16,
                             credential = 1364, challenge_bytes = 43;
}  // namespace limit

template <class V>
void visit_algorithms(V& v, SshAlgorithms& lists) {
  for (auto* const list : {&lists.key_exchanges, &lists.ciphers, &lists.macs, &lists.host_keys})
    v.texts(*list, limit::algorithms, limit::algorithm);
}

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

// ---- Monitor to worker: answers, and four things it says unasked (Begin, Warn, End, Hold).

// The first message, with the rep's connected socket as its descriptor.
struct Begin {
  std::string banner;             // shown before login; may be empty
  std::vector<Secret> host_keys;  // OpenSSH private keys (PEM), the preferred one first
  std::uint32_t tries = 3;        // complete logins on this connection
  SshAlgorithms algorithms;       // to offer
  template <class V>
  void visit(V& v) {
    v.text(banner, limit::banner);
    v.secrets(host_keys, limit::keys, limit::key);
    v.u32(tries);
    visit_algorithms(v, algorithms);
  }
};
struct Challenge {
  std::string prompt;  // what to show, ready for a kbdint prompt: "Challenge K7XQM 2PDR4, response: "
  template <class V>
  void visit(V& v) {
    v.text(prompt, limit::prompt);
  }
};
// Before the challenge the rep has a question for the gate (gateway/wire/prompt.h).
struct QuestionWanted {
  template <class V>
  void visit(V&) {}
};
struct NotAdmitted {
  bool again = false;  // whether another try is allowed on this connection
  template <class V>
  void visit(V& v) {
    v.boolean(again);
  }
};
struct Admitted {
  std::string session, target;  // names for the rep's eyes
  template <class V>
  void visit(V& v) {
    v.text(session, limit::name);
    v.text(target, limit::name);
  }
};
enum class TargetLoginKind : std::uint8_t { key, password, prompt };
inline constexpr auto kLastTargetLoginKind = TargetLoginKind::prompt;
struct TargetSocket {
  std::string host;                    // the target's name, for messages
  std::vector<std::string> host_keys;  // pinned: OpenSSH public key lines; no credential before one matches
  std::string user;
  TargetLoginKind login = TargetLoginKind::prompt;
  Secret credential;         // private key (PEM) or password; empty with `prompt`
  SshAlgorithms algorithms;  // to offer
  template <class V>
  void visit(V& v) {
    v.text(host, limit::name);
    v.texts(host_keys, limit::keys, limit::key);
    v.text(user, limit::user);
    v.enumeration(login, kLastTargetLoginKind);
    v.secret(credential, limit::key);
    visit_algorithms(v, algorithms);
  }
};
struct Connected {
  std::string notice;           // one line for the rep's terminal: target, that it is recorded, when it ends
  std::uint32_t channels = 10;  // most open at once
  template <class V>
  void visit(V& v) {
    v.text(notice, limit::sentence);
    v.u32(channels);
  }
};
// Which way files may go, by sftp and scp.
enum class FilesAllowed : std::uint8_t { none, to_target, from_target, both };
inline constexpr auto kLastFilesAllowed = FilesAllowed::both;
struct ChannelGranted {
  std::uint32_t channel = 0;
  bool record_input = false;
  std::uint64_t recording_limit = 0;  // bytes; reaching it ends the session
  FilesAllowed files = FilesAllowed::none;
  template <class V>
  void visit(V& v) {
    v.u32(channel);
    v.boolean(record_input);
    v.u64(recording_limit);
    v.enumeration(files, kLastFilesAllowed);
  }
};
struct DirectGranted {
  std::uint32_t token = 0, channel = 0;
  template <class V>
  void visit(V& v) {
    v.u32(token);
    v.u32(channel);
  }
};
struct DirectRefused {
  std::uint32_t token = 0;
  std::string sentence;  // for the rep's eyes
  template <class V>
  void visit(V& v) {
    v.u32(token);
    v.text(sentence, limit::sentence);
  }
};
struct Refused {
  std::string sentence;  // for the rep's eyes
  template <class V>
  void visit(V& v) {
    v.text(sentence, limit::sentence);
  }
};
struct Warn {
  std::string sentence;
  template <class V>
  void visit(V& v) {
    v.text(sentence, limit::sentence);
  }
};
struct End {
  std::string sentence;  // the reason, for the rep's eyes; the worker says it and exits
  template <class V>
  void visit(V& v) {
    v.text(sentence, limit::sentence);
  }
};
// An admin has paused the session, or lets it go on: while `held`, nothing of the rep's goes to the target.
struct Hold {
  bool held = false;
  std::string sentence;  // for the rep's terminals
  template <class V>
  void visit(V& v) {
    v.boolean(held);
    v.text(sentence, limit::sentence);
  }
};

// ---- Monitor to a worker of the HTTPS door.

// The first message, in Begin's place, with the first connection of a source address as its descriptor.
struct BeginWeb {
  std::string banner, gate;  // for the pages
  Secret key;                // the gate's private key (PEM)
  std::string certificates;  // its certificate and the chain (PEM)
  TlsProfile profile = TlsProfile::modern;
  template <class V>
  void visit(V& v) {
    v.text(banner, limit::banner);
    v.text(gate, limit::name);
    v.secret(key, limit::key);
    v.text(certificates, limit::certificates);
    v.enumeration(profile, kLastTlsProfile);
  }
};
// One more connection of the same source address, as the descriptor. Unasked.
struct AnotherConnection {
  template <class V>
  void visit(V&) {}
};
// The answer to AskTarget for a session at the HTTPS door, with the connected socket. No request before the
// certificate is one of `pins` (Base64 of the SHA-256 of its SubjectPublicKeyInfo, RFC 7469 section 2.4) or,
// with no pins, verifies against `authorities` (PEM) for `name`.
struct WebTarget {
  std::string name;                  // what it is called in Host: with the port unless that is 443
  std::vector<std::string> aliases;  // what else it calls itself, in the same form
  std::uint32_t port = 443;          // for AskDirect
  std::vector<std::string> pins;
  std::string authorities;
  template <class V>
  void visit(V& v) {
    v.text(name, limit::authority);
    v.texts(aliases, limit::aliases, limit::authority);
    v.u32(port);
    v.texts(pins, limit::pins, limit::pin);
    v.text(authorities, limit::certificates);
  }
};

// The first message to a worker that serves nobody: it ends these sessions of the target's REST API, over the
// connected socket that comes as the descriptor, and says TellLoggedOff.
struct BeginLogoff {
  WebTarget target;
  TlsProfile profile = TlsProfile::modern;
  std::vector<Secret> sessions;
  template <class V>
  void visit(V& v) {
    target.visit(v);
    v.enumeration(profile, kLastTlsProfile);
    v.secrets(sessions, limit::api_sessions, limit::api_session);
  }
};

// In Challenge's place, for a rep who answers by WebAuthn. The response is auth/webauthn/assertion.h's.
struct KeyChallenge {
  std::string words;                     // what it opens, in one sentence
  std::string challenge;                 // base64url of 32 bytes
  std::string relying_party;             // a host's name
  std::vector<std::string> credentials;  // ids in base64url
  bool user_verification = false;        // PIN or fingerprint is wanted
  template <class V>
  void visit(V& v) {
    v.text(words, limit::prompt);
    v.text(challenge, limit::challenge_bytes);
    v.text(relying_party, limit::host);
    v.texts(credentials, limit::credentials, limit::credential);
    v.boolean(user_verification);
  }
};

using Answer = std::variant<Begin, Challenge, NotAdmitted, Admitted, TargetSocket, Connected, ChannelGranted,
                            DirectGranted, DirectRefused, Refused, Warn, End, Hold, QuestionWanted, BeginWeb,
                            AnotherConnection, WebTarget, BeginLogoff, KeyChallenge>;

// The monitor's life, drawn at its start: a message of an earlier monitor's worker is refused.
using Incarnation = std::uint64_t;

Secret encode(Incarnation incarnation, const Ask& ask);
Secret encode(Incarnation incarnation, const Answer& answer);
// Refuse another incarnation, an unknown type, a field beyond its limit, trailing bytes.
Result<Ask> decode_ask(Incarnation incarnation, std::string_view bytes);
Result<Answer> decode_answer(Incarnation incarnation, std::string_view bytes);

}  // namespace sallyport
