// What the monitor asks its login helper, and the answers: a closed set, framed as in gateway/wire/codec.h.
// Runs in: sallyportd, sallyport-auth.
#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include "base/result.h"
#include "base/secret.h"
#include "gateway/wire/message.h"

namespace sallyport {

// Limits of single fields, in bytes, where gateway/wire/message.h has none.
namespace limit {
inline constexpr std::size_t suite = 64, path = 4096, question = 64, address = 64, challenge = 4096,
                             fingerprint = 64, key_type = 64, certificate_id = 1024, fault = 1024,
                             origin = 300;
}  // namespace limit

// Is this the account's password, and may the account log in today? Answer: PasswordVerdict.
struct CheckPassword {
  std::string pam_service;
  std::string account;
  std::string remote_host;  // the peer's address, for PAM_RHOST
  Secret password;
  template <class V>
  void visit(V& v) {
    v.text(pam_service, limit::name);
    v.text(account, limit::user);
    v.text(remote_host, limit::address);
    v.secret(password, limit::password);
  }
};

// Is this the response to `question`? Answer: ResponseVerdict.
struct CheckResponse {
  std::string suite;
  std::string secret_file;
  std::string question;            // ungrouped
  Secret response;                 // as typed
  std::uint64_t counter = 0;       // the next one expected; 0 for a suite without
  std::uint64_t wall_seconds = 0;  // since 1970, UTC
  std::string second_question{};   // the rep's, with mutual authentication
  std::string gate{}, grant{};     // for session information: the gate's fingerprint, the grant's id
  std::string credential{};        // the file of the key that secrets are sealed with; empty: there is none
  template <class V>
  void visit(V& v) {
    v.text(suite, limit::suite);
    v.text(secret_file, limit::path);
    v.text(question, limit::question);
    v.secret(response, limit::response);
    v.u64(counter);
    v.u64(wall_seconds);
    v.text(second_question, limit::question);
    v.text(gate, limit::fingerprint);
    v.text(grant, limit::name);
    v.text(credential, limit::path);
  }
};

// The gate's own answer to the rep's question (auth/ocra_mutual.h). Answer: GateAnswer.
struct AnswerQuestion {
  std::string suite;
  std::string secret_file;
  std::string question;         // the rep's, ungrouped
  std::string second_question;  // the gate's
  std::uint64_t counter = 0;
  std::uint64_t wall_seconds = 0;
  std::string gate, grant;
  std::string credential{};  // as in CheckResponse
  template <class V>
  void visit(V& v) {
    v.text(suite, limit::suite);
    v.text(secret_file, limit::path);
    v.text(question, limit::question);
    v.text(second_question, limit::question);
    v.u64(counter);
    v.u64(wall_seconds);
    v.text(gate, limit::fingerprint);
    v.text(grant, limit::name);
    v.text(credential, limit::path);
  }
};

// Is this one of the rep's enrolled keys' signature of `challenge`? Answer: SignatureVerdict.
struct CheckSignature {
  std::string keys_file;
  std::string challenge;           // the text that was shown
  Secret response;                 // as given, the parts joined
  std::string rep, account;        // whose names a certificate may bear
  std::string source;              // the peer's address, for certificates
  std::uint64_t wall_seconds = 0;  // since 1970, UTC; the same
  bool user_verification = false;  // the policy wants a security key that verifies its user
  template <class V>
  void visit(V& v) {
    v.text(keys_file, limit::path);
    v.text(challenge, limit::challenge);
    v.secret(response, limit::response);
    v.text(rep, limit::name);
    v.text(account, limit::user);
    v.text(source, limit::address);
    v.u64(wall_seconds);
    v.boolean(user_verification);
  }
};

// Is this an assertion of one of the rep's enrolled WebAuthn keys for `challenge`? Answer: SignatureVerdict.
struct CheckAssertion {
  std::string credentials_file;
  std::string challenge;              // the text, whose hash the browser was given
  Secret response;                    // as posted
  std::string rep;                    // for the log
  std::string origin, relying_party;  // of the gate's settings
  bool user_verification = false;     // the policy wants a key that verifies its user
  template <class V>
  void visit(V& v) {
    v.text(credentials_file, limit::path);
    v.text(challenge, limit::challenge);
    v.secret(response, limit::response);
    v.text(rep, limit::name);
    v.text(origin, limit::origin);
    v.text(relying_party, limit::origin);
    v.boolean(user_verification);
  }
};

using HelperAsk = std::variant<CheckPassword, CheckResponse, AnswerQuestion, CheckSignature, CheckAssertion>;

struct PasswordVerdict {
  bool ok = false;
  template <class V>
  void visit(V& v) {
    v.boolean(ok);
  }
};
struct ResponseVerdict {
  bool ok = false;
  std::uint64_t next_counter = 0;  // when ok: what CheckResponse::counter is to be next time
  std::string fault{};             // why no response could be right: of the enrolled secret, for the admin
  template <class V>
  void visit(V& v) {
    v.boolean(ok);
    v.u64(next_counter);
    v.text(fault, limit::fault);
  }
};

struct GateAnswer {
  std::string text;  // empty: it could not be made
  template <class V>
  void visit(V& v) {
    v.text(text, limit::response);
  }
};

// Which key it was, for the record. All of it is empty when it is not ok.
struct SignatureVerdict {
  bool ok = false;
  std::string key, key_type;   // "SHA256:…", "ssh-ed25519"
  std::string authority;       // who certified the key, when it is not enrolled itself
  std::uint64_t serial = 0;    // of the certificate
  std::string certificate_id;  // as its authority called it
  bool counts = false;         // a security key
  std::uint32_t counter = 0;   // its counter; whether it has risen is for the monitor to judge
  template <class V>
  void visit(V& v) {
    v.boolean(ok);
    v.text(key, limit::fingerprint);
    v.text(key_type, limit::key_type);
    v.text(authority, limit::fingerprint);
    v.u64(serial);
    v.text(certificate_id, limit::certificate_id);
    v.boolean(counts);
    v.u32(counter);
  }
};

using HelperAnswer = std::variant<PasswordVerdict, ResponseVerdict, GateAnswer, SignatureVerdict>;

Secret encode(const HelperAsk& ask);
Secret encode(const HelperAnswer& answer);
// Refuse an unknown type, a field beyond its limit, trailing bytes.
Result<HelperAsk> decode_helper_ask(std::string_view bytes);
Result<HelperAnswer> decode_helper_answer(std::string_view bytes);

}  // namespace sallyport
