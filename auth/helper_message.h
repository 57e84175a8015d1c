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
inline constexpr std::size_t suite = 64, path = 4096, question = 64, address = 64;
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
  template <class V>
  void visit(V& v) {
    v.text(suite, limit::suite);
    v.text(secret_file, limit::path);
    v.text(question, limit::question);
    v.secret(response, limit::response);
    v.u64(counter);
    v.u64(wall_seconds);
  }
};

using HelperAsk = std::variant<CheckPassword, CheckResponse>;

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
  template <class V>
  void visit(V& v) {
    v.boolean(ok);
    v.u64(next_counter);
  }
};

using HelperAnswer = std::variant<PasswordVerdict, ResponseVerdict>;

Secret encode(const HelperAsk& ask);
Secret encode(const HelperAnswer& answer);
// Refuse an unknown type, a field beyond its limit, trailing bytes.
Result<HelperAsk> decode_helper_ask(std::string_view bytes);
Result<HelperAnswer> decode_helper_answer(std::string_view bytes);

}  // namespace sallyport
