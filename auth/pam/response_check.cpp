// Runs in: sallyport-auth (root, one process a login).
#include "auth/pam/response_check.h"

#include "auth/ocra_suite.h"
#include "auth/question.h"
#include "auth/response_window.h"
#include "base/encoding.h"
#include "base/file.h"
#include "base/log.h"

namespace sallyport {

namespace {

constexpr std::size_t kSecretFileLimit = 4096;
constexpr std::size_t kShortestSecret = 16;  // bytes; RFC 4226 R6

// The first line of the file, in Base32.
Result<Secret> read_secret(const std::string& path) {
  ASSIGN_OR_RETURN(auto text, read_trusted_file(path, Trust::secret_of_root, kSecretFileLimit));
  const auto file = Secret::taking(std::move(text));
  const auto line = file.reveal().substr(0, file.reveal().find_first_of("\r\n"));
  ASSIGN_OR_RETURN(auto bytes, from_base32(line));
  auto secret = Secret::taking(std::move(bytes));
  if (secret.size() < kShortestSecret) return fail("{} holds less than {} bytes", path, kShortestSecret);
  return secret;
}

Result<ResponseVerdict> verdict(const CheckResponse& ask) {
  ASSIGN_OR_RETURN(const auto suite, OcraSuite::parse(ask.suite));
  ASSIGN_OR_RETURN(const auto secret, read_secret(ask.secret_file));
  const auto response = Secret::taking(ungrouped(ask.response.reveal()));
  const ResponseClaim claim{ask.question, response, ask.counter,
                            std::chrono::seconds{static_cast<std::int64_t>(ask.wall_seconds)}};
  ASSIGN_OR_RETURN(const auto next_counter, match_response(suite, secret, claim));
  return ResponseVerdict{next_counter.has_value(), next_counter.value_or(0)};
}

}  // namespace

ResponseVerdict check_response(const CheckResponse& ask) {
  const auto checked = verdict(ask);
  if (checked) return *checked;
  log_error("a response could not be checked: {}; enrol the representative again: sallyport rep enroll",
            checked.error().message());
  return {};
}

}  // namespace sallyport
