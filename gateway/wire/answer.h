// Everything the monitor may say to a worker: a closed set, each with explicit limits
// (gateway/wire/message.h). Runs in: sallyportd, the workers.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "base/mask_rule.h"
#include "base/secret.h"
#include "base/tls_profile.h"
#include "gateway/wire/limits.h"

namespace sallyport {

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
  std::vector<std::string> masked_after{};  // rules for the recording (base/mask_rule.h)
  template <class V>
  void visit(V& v) {
    v.u32(channel);
    v.boolean(record_input);
    v.u64(recording_limit);
    v.enumeration(files, kLastFilesAllowed);
    v.texts(masked_after, MaskRule::kMost, MaskRule::kLongest);
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

}  // namespace sallyport
