// sallyport-auth: checks passwords by PAM and responses by the enrolled secrets, for one connection's logins.
// Runs as root, because pam_unix reads the shadow file. It never meets a peer: it only reads what the monitor
// sends on descriptor 3. Usage: sallyport-auth DURATION (the longest that one question may take); or, by an
// admin's `sallyport doctor`, sallyport-auth DURATION --try SERVICE, which prints what a PAM service does.
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <utility>

#include "auth/helper_message.h"
#include "auth/pam/deadline.h"
#include "auth/pam/pam_conversation.h"
#include "auth/pam/pam_trial.h"
#include "auth/pam/response_check.h"
#include "auth/pam/signature_check.h"
#include "base/duration.h"
#include "base/file.h"
#include "base/log.h"
#include "gateway/wire/channel.h"

namespace {

using namespace sallyport;

constexpr int kChannelFd = 3;

// Passwords and secrets pass through this memory: no core file, no debugger, no life beyond the monitor's
// (I9).
Done protect_memory() {
  const rlimit none{0, 0};
  if (setrlimit(RLIMIT_CORE, &none) != 0) return fail_errno("forbidding core files");
  if (prctl(PR_SET_DUMPABLE, 0) != 0) return fail_errno("forbidding dumps");
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) return fail_errno("asking to die with the monitor");
  return {};  // a monitor that died before this line has closed the channel, which serve() sees
}

// What a PAM module starts must not hold our end of the channel, or the monitor would not see us go.
Result<Channel> take_channel() {
  UniqueFd fd{kChannelFd};
  if (fcntl(fd.get(), F_SETFD, FD_CLOEXEC) != 0)
    return fail_errno("taking the channel on descriptor {}", kChannelFd);
  return Channel{std::move(fd)};
}

bool is_trial(int count, char** arguments) { return count == 4 && std::string_view{arguments[2]} == "--try"; }

Result<Deadline> deadline_from(int count, char** arguments) {
  if (count != 2 && !is_trial(count, arguments))
    return fail("usage: sallyport-auth DURATION (started by sallyportd)");
  ASSIGN_OR_RETURN(const auto length, parse_duration(arguments[1]));
  if (length.count() <= 0) return fail("the deadline must be longer than 0 seconds");
  return Deadline::make(length);
}

// What one connection's questions have in common.
class Answers {
 public:
  HelperAnswer operator()(const CheckPassword& ask) {
    password_is_good_ = check_password(ask);
    return PasswordVerdict{password_is_good_};
  }
  HelperAnswer operator()(const CheckResponse& ask) { return check_response(ask); }
  HelperAnswer operator()(const AnswerQuestion& ask) { return answer_question(ask); }
  // A signature's structure is the peer's own, and this process is root: it is read only for who knows the
  // password. Without that nobody gets in whatever it says, and nobody hears how long it took (I11).
  HelperAnswer operator()(const CheckSignature& ask) {
    return std::exchange(password_is_good_, false) ? check_signature(ask) : SignatureVerdict{};
  }
  HelperAnswer operator()(const CheckAssertion& ask) {
    return std::exchange(password_is_good_, false) ? check_assertion(ask) : SignatureVerdict{};
  }

 private:
  bool password_is_good_ = false;  // of the try under way
};

// Until the monitor closes the channel.
Done serve(const Channel& channel, const Deadline& deadline) {
  Answers answers;
  for (;;) {
    const auto frame = channel.receive_within(-1);
    if (!frame && frame.error().code() == 0) return {};
    if (!frame) return tl::unexpected{frame.error()};
    ASSIGN_OR_RETURN(const auto ask, decode_helper_ask(frame->bytes.reveal()));
    RETURN_IF_ERROR(deadline.begin());
    const auto verdict = std::visit(answers, ask);
    RETURN_IF_ERROR(deadline.end());
    RETURN_IF_ERROR(channel.send(encode(verdict)));
  }
}

Done print_trial(const Deadline& deadline, const char* service) {
  RETURN_IF_ERROR(deadline.begin());
  SystemRandom random;
  return write_all(STDOUT_FILENO, try_pam_service(service, random));
}

Done run(int count, char** arguments) {
  RETURN_IF_ERROR(protect_memory());
  ASSIGN_OR_RETURN(const auto deadline, deadline_from(count, arguments));
  if (is_trial(count, arguments)) return print_trial(deadline, arguments[3]);
  ASSIGN_OR_RETURN(const auto channel, take_channel());
  return serve(channel, deadline);
}

}  // namespace

int main(int count, char** arguments) {
  const auto done = run(count, arguments);
  if (!done) log_error("sallyport-auth: {}", done.error().message());
  return done ? 0 : 1;
}
