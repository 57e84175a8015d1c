// sallyport-auth: checks passwords by PAM and responses by the enrolled secrets, for one connection's logins.
// Runs as root, because pam_unix reads the shadow file. It never meets a peer: it only reads what the monitor
// sends on descriptor 3. Usage: sallyport-auth DURATION (the longest that one question may take).
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "auth/helper_message.h"
#include "auth/pam/deadline.h"
#include "auth/pam/pam_conversation.h"
#include "auth/pam/response_check.h"
#include "base/duration.h"
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

Result<Deadline> deadline_from(int count, char** arguments) {
  if (count != 2) return fail("usage: sallyport-auth DURATION (started by sallyportd)");
  ASSIGN_OR_RETURN(const auto length, parse_duration(arguments[1]));
  if (length.count() <= 0) return fail("the deadline must be longer than 0 seconds");
  return Deadline::make(length);
}

HelperAnswer answer(const CheckPassword& ask) { return PasswordVerdict{check_password(ask)}; }
HelperAnswer answer(const CheckResponse& ask) { return check_response(ask); }
HelperAnswer answer(const AnswerQuestion& ask) { return answer_question(ask); }

// Until the monitor closes the channel.
Done serve(const Channel& channel, const Deadline& deadline) {
  for (;;) {
    const auto frame = channel.receive_within(-1);
    if (!frame && frame.error().code() == 0) return {};
    if (!frame) return tl::unexpected{frame.error()};
    ASSIGN_OR_RETURN(const auto ask, decode_helper_ask(frame->bytes.reveal()));
    RETURN_IF_ERROR(deadline.begin());
    const auto verdict = std::visit([](const auto& body) { return answer(body); }, ask);
    RETURN_IF_ERROR(deadline.end());
    RETURN_IF_ERROR(channel.send(encode(verdict)));
  }
}

Done run(int count, char** arguments) {
  RETURN_IF_ERROR(protect_memory());
  ASSIGN_OR_RETURN(const auto deadline, deadline_from(count, arguments));
  ASSIGN_OR_RETURN(const auto channel, take_channel());
  return serve(channel, deadline);
}

}  // namespace

int main(int count, char** arguments) {
  const auto done = run(count, arguments);
  if (!done) log_error("sallyport-auth: {}", done.error().message());
  return done ? 0 : 1;
}
