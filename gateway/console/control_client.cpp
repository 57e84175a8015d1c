// Runs in: sallyport.
#include "gateway/console/control_client.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <cstring>

#include "base/escape.h"

namespace sallyport {

namespace {

constexpr std::size_t kRequestLimit = 64 * 1024;       // what the monitor reads
constexpr std::size_t kReplyLimit = 16 * 1024 * 1024;  // a list of 1,000 grants is about 1 MiB

// Which argument made the request too long, so that the sentence can name it.
std::string longest_member(const nlohmann::json& request) {
  std::string longest;
  std::size_t most = 0;
  for (const auto& [key, value] : request.items())
    if (const auto size = json_text(value).size(); size > most) most = size, longest = key;
  return longest;
}

// The descriptor that came with the bytes, if any; a second one is closed.
UniqueFd descriptor_in(msghdr& header) {
  UniqueFd first;
  for (cmsghdr* part = CMSG_FIRSTHDR(&header); part != nullptr; part = CMSG_NXTHDR(&header, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
    const auto count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int number = -1;
      std::memcpy(&number, CMSG_DATA(part) + i * sizeof number, sizeof number);
      UniqueFd received{number};
      if (!first) first = std::move(received);
    }
  }
  return first;
}

std::string sentence_of(const nlohmann::json& reply) {
  const auto refused = reply.find("refused");
  const bool told = refused != reply.end() && refused->is_string();
  return told ? escape_terminal(refused->get<std::string>()) : "the gate refused without a reason";
}

}  // namespace

Result<ControlClient> ControlClient::connect(const std::filesystem::path& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string name = path.string();
  if (name.size() >= sizeof address.sun_path) return fail("the socket's path {} is too long", name);
  std::memcpy(address.sun_path, name.c_str(), name.size());
  UniqueFd socket{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  if (!socket) return fail_errno("making a socket");
  if (::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0)
    return ControlClient{std::move(socket)};
  if (errno == ENOENT || errno == ECONNREFUSED)
    return fail_errno("sallyportd is not running (systemctl start sallyportd): {}", name);
  return fail_errno("sallyportd cannot be reached at {}", name);
}

Done ControlClient::send(const nlohmann::json& request) {
  std::string line = json_text(request) + "\n";
  if (line.size() > kRequestLimit) return fail("'{}' is too long", longest_member(request));
  std::string_view rest = line;
  while (!rest.empty()) {
    const auto sent = ::send(socket_.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && (errno == EPIPE || errno == ECONNRESET)) return {};  // a refusal may wait to be read
    if (sent < 0) return fail_errno("asking the gate");
    rest.remove_prefix(static_cast<std::size_t>(sent));
  }
  return {};
}

Done ControlClient::receive(bool wait) {
  char buffer[16 * 1024];
  alignas(cmsghdr) char control[CMSG_SPACE(4 * sizeof(int))];
  iovec part{buffer, sizeof buffer};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  header.msg_control = control;
  header.msg_controllen = sizeof control;
  ssize_t got = -1;
  do got = recvmsg(socket_.get(), &header, MSG_CMSG_CLOEXEC | (wait ? 0 : MSG_DONTWAIT));
  while (got < 0 && errno == EINTR);
  if (got < 0) return fail_errno("reading the gate's answer");
  if (auto descriptor = descriptor_in(header)) descriptor_ = std::move(descriptor);
  if (got == 0) return tl::unexpected{Error{"the gate has hung up", ECONNRESET}};
  incoming_.append(buffer, static_cast<std::size_t>(got));
  if (incoming_.size() > kReplyLimit) return fail("the gate's answer is larger than {} bytes", kReplyLimit);
  return {};
}

Result<nlohmann::json> ControlClient::next_line(bool wait) {
  auto newline = incoming_.find('\n');
  while (newline == std::string::npos) {
    const auto searched = incoming_.size();
    RETURN_IF_ERROR(receive(wait));
    newline = incoming_.find('\n', searched);
  }
  auto line = parse_json(std::string_view{incoming_}.substr(0, newline));
  incoming_.erase(0, newline + 1);
  if (!line.is_object())
    return fail("the gate's answer is not JSON; are sallyport and sallyportd of one version?");
  return line;
}

Result<ControlClient::Reply> ControlClient::ask(const nlohmann::json& request) {
  RETURN_IF_ERROR(send(request));
  ASSIGN_OR_RETURN(auto reply, next_line());
  if (reply.value("ok", nlohmann::json{false}) != true) return fail("{}", sentence_of(reply));
  return Reply{reply.value("result", nlohmann::json::object()), std::move(descriptor_)};
}

Result<ControlClient> connect(ConsoleContext& context) {
  auto client = ControlClient::connect(context.socket);
  if (!client) context.exit_code = exit_code::not_reachable;
  return client;
}

Result<nlohmann::json> ask(ConsoleContext& context, const nlohmann::json& request) {
  ASSIGN_OR_RETURN(auto client, connect(context));
  ASSIGN_OR_RETURN(auto reply, client.ask(request));
  return std::move(reply.result);
}

}  // namespace sallyport
