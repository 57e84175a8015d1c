// Runs in: sallyport-ssh.
#include "gateway/ssh/last_words.h"

#include <fmt/core.h>

namespace sallyport {

namespace {

using std::chrono_literals::operator""s;
using std::chrono_literals::operator""ms;

constexpr int kRefusedStatus = 255;  // what ssh(1) itself returns for an error

bool starts_program(ssh_message message) {
  const auto what = ssh_message_subtype(message);
  return what == SSH_CHANNEL_REQUEST_SHELL || what == SSH_CHANNEL_REQUEST_EXEC ||
         what == SSH_CHANNEL_REQUEST_SUBSYSTEM;
}

void say_on(ssh_channel channel, const std::string& sentence) {
  const auto words = gate_says(sentence);
  ssh_channel_write_stderr(channel, words.data(), static_cast<std::uint32_t>(words.size()));
  ssh_channel_request_send_exit_status(channel, kRefusedStatus);
  for (int i = 0; i < 2; ++i) ssh_channel_close(channel);  // the first may only get as far as the EOF
}

// True once the sentence was said.
bool answer(ssh_message message, ssh_channel& channel, const std::string& sentence) {
  const auto type = ssh_message_type(message), what = ssh_message_subtype(message);
  if (type == SSH_REQUEST_CHANNEL_OPEN && what == SSH_CHANNEL_SESSION && channel == nullptr) {
    channel = ssh_message_channel_request_open_reply_accept(message);
    return false;
  }
  if (type != SSH_REQUEST_CHANNEL) {
    ssh_message_reply_default(message);
    return false;
  }
  if (starts_program(message)) {
    ssh_message_channel_request_reply_success(message);
    say_on(ssh_message_channel_request_channel(message), sentence);
    return true;
  }
  if (what == SSH_CHANNEL_REQUEST_PTY)
    ssh_message_channel_request_reply_success(message);
  else
    ssh_message_reply_default(message);
  return false;
}

}  // namespace

std::string gate_says(std::string_view sentence) {
  constexpr std::string_view kName = "sallyport: ";
  if (sentence.starts_with(kName)) sentence.remove_prefix(kName.size());
  return fmt::format("\r\n{}{}\r\n", kName, sentence);
}

void say_last_words(RepSide& rep, MonitorClient& monitor, const std::string& sentence, const Clock& clock) {
  auto deadline = clock.boot() + 5s;
  ssh_channel channel = nullptr;
  for (bool said = false; !said && rep.leg().alive() && clock.boot() < deadline;) {
    // End may come now: the monitor knows that there is nothing more to do.
    if (auto turned = wait_a_turn(monitor, {&rep.leg()}, 100ms); !turned) {
      deadline = std::min(deadline, clock.boot() + 500ms);
      rep.leg().turn();
    }
    while (!said && clock.boot() < deadline) {
      const auto message = rep.next_message();
      if (!message) break;
      said = answer(message.get(), channel, sentence);
    }
  }
  if (channel != nullptr) rep.leg().linger_until(clock.boot() + 1s, clock);
  rep.leg().disconnect(sentence, clock.boot() + 1s, clock);
}

}  // namespace sallyport
