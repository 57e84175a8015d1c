// Runs in: sallyportd (privileged).
#include "gateway/monitor/control_server.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cstring>

#include "base/log.h"
#include "base/secret.h"
#include "gateway/wire/channel.h"

namespace sallyport {

namespace {

constexpr std::size_t kLineLimit = 64 * 1024;
constexpr std::size_t kOutgoingLimit = 4 * 1024 * 1024;  // a console that does not read is dropped
constexpr std::size_t kMostConnections = 64;
constexpr int kDepthLimit = 8;  // of a request's JSON

// JSON from a person with a role, but bounded all the same: depth, size, and no exceptions.
Result<nlohmann::json> parse_request(std::string_view line) {
  auto request = parse_json(line, kDepthLimit);
  if (!request.is_object() || !request.contains("ask") || !request["ask"].is_string())
    return fail("a request is one JSON object with a text member 'ask'");
  return request;
}

}  // namespace

void ControlConnection::give_up() {
  closed_ = true;
  outgoing_.clear();
  (void)::shutdown(socket_.get(), SHUT_RDWR);
}

void ControlConnection::reply(const nlohmann::json& line, int descriptor) {
  if (closed_) return;
  std::string text = json_text(line) + "\n";
  if (descriptor >= 0) {
    // With nothing queued before it, so that it goes with this line's first byte.
    const auto sent = outgoing_.empty() ? send_with_descriptor(socket_.get(), text, descriptor) : -1;
    if (sent <= 0) return give_up();
    text.erase(0, static_cast<std::size_t>(sent));
  }
  outgoing_ += text;
  flush();
}

void ControlConnection::answer(nlohmann::json result, int descriptor) {
  reply({{"ok", true}, {"result", std::move(result)}}, descriptor);
}

void ControlConnection::refuse(const std::string& sentence) { reply({{"ok", false}, {"refused", sentence}}); }

void ControlConnection::offer(const Record& record) {
  if (!watches(record.fields.value("grant", std::string{}))) return;
  nlohmann::json line = record.fields;
  line["seq"] = record.seq;
  line["time"] = to_rfc3339(record.time);
  line["event"] = record.event;
  reply({{"record", std::move(line)}});
}

void ControlConnection::flush() {
  while (!outgoing_.empty() && !closed_) {
    const auto sent = send(socket_.get(), outgoing_.data(), outgoing_.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && errno == EAGAIN) break;
    if (sent < 0) return give_up();
    outgoing_.erase(0, static_cast<std::size_t>(sent));
  }
  if (outgoing_.size() > kOutgoingLimit) give_up();
}

ControlServer::ControlServer(Loop& loop, UniqueFd socket, OnRequest on_request, OnGone on_gone)
    : loop_(&loop),
      on_request_(std::move(on_request)),
      on_gone_(std::move(on_gone)),
      socket_(std::move(socket)),
      watch_(loop, socket_.get(), Watch::For::reading, [this] { accept_one(); }) {}

Result<std::unique_ptr<ControlServer>> ControlServer::listen(Loop& loop, const std::filesystem::path& path,
                                                             OnRequest on_request, OnGone on_gone) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string name = path.string();
  if (name.size() >= sizeof address.sun_path) return fail("the control socket's path {} is too long", name);
  std::memcpy(address.sun_path, name.c_str(), name.size());
  UniqueFd socket{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  if (!socket) return fail_errno("making the control socket");
  if (::unlink(name.c_str()) != 0 && errno != ENOENT)  // the journal's lock tells that no other gate runs
    return fail_errno("removing the control socket of before, {}", name);
  if (bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
    return fail_errno("making the control socket {}", name);
  // Everybody may connect, so that everybody gets a clear refusal; credentials decide.
  if (chmod(name.c_str(), 0666) != 0 || ::listen(socket.get(), 16) != 0)
    return fail_errno("listening on {}", name);
  return std::unique_ptr<ControlServer>{
      new ControlServer{loop, std::move(socket), std::move(on_request), std::move(on_gone)}};
}

void ControlServer::accept_one() {
  UniqueFd socket{accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK)};
  if (!socket) return;
  auto visitor = visitor_of(socket.get());
  if (!visitor) return log_warning("control: {}", visitor.error().message());
  ControlConnection connection{std::move(socket), *std::move(visitor)};
  if (connection.visitor_.role == Role::nobody)
    return connection.refuse(fmt::format("you are not in group {} or {}", kAdminGroup, kAuditorGroup));
  if (connections_.size() >= kMostConnections)
    return connection.refuse("too many consoles are connected; close one");
  const auto id = next_id_++;
  auto& kept =
      *connections_.emplace(id, std::make_unique<ControlConnection>(std::move(connection))).first->second;
  kept.readable_ = Watch{*loop_, kept.socket_.get(), Watch::For::reading, [this, id] { read_some(id); }};
}

ControlConnection* ControlServer::find(std::uint64_t connection) {
  const auto found = connections_.find(connection);
  return found == connections_.end() ? nullptr : found->second.get();
}

void ControlServer::read_some(std::uint64_t id) {
  auto& connection = *connections_.at(id);
  char buffer[16 * 1024];
  const auto got = recv(connection.socket_.get(), buffer, sizeof buffer, 0);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0) return drop(id);
  connection.incoming_.append(buffer, static_cast<std::size_t>(got));
  OPENSSL_cleanse(buffer, sizeof buffer);  // a target's password may have been in it
  handle_lines(id);
  ControlConnection* const after = find(id);
  if (after == nullptr) return;
  if (after->closed_ || after->incoming_.size() > kLineLimit) return drop(id);
  write_later(id);
}

void ControlServer::handle_lines(std::uint64_t id) {
  for (;;) {
    auto& connection = *connections_.at(id);
    const auto newline = connection.incoming_.find('\n');
    if (newline == std::string::npos) return;
    std::string line = connection.incoming_.substr(0, newline);
    connection.incoming_.erase(0, newline + 1);
    auto request = line.size() > kLineLimit
                       ? Result<nlohmann::json>{fail("a request is at most {} bytes", kLineLimit)}
                       : parse_request(line);
    sallyport::wipe(line);
    if (request)
      on_request_(id, *request);
    else
      connection.refuse(request.error().message());
    if (find(id) == nullptr) return;
  }
}

void ControlServer::write_later(std::uint64_t id) {
  auto& connection = *connections_.at(id);
  if (connection.outgoing_.empty() || connection.write_end_) return;  // nothing to do, or waiting already
  connection.write_end_.reset(fcntl(connection.socket_.get(), F_DUPFD_CLOEXEC, 0));
  if (!connection.write_end_) return connection.give_up();
  connection.writable_ = Watch{*loop_, connection.write_end_.get(), Watch::For::writing, [this, id] {
                                 auto& waiting = *connections_.at(id);
                                 waiting.flush();
                                 if (waiting.closed_) return drop(id);
                                 if (!waiting.outgoing_.empty()) return;
                                 waiting.writable_ = {};
                                 waiting.write_end_.reset();
                               }};
}

void ControlServer::broadcast(const Record& record) {
  for (auto& [id, connection] : connections_) {
    connection->offer(record);
    if (!connection->outgoing_.empty()) write_later(id);
  }
}

void ControlServer::broadcast(const std::string& grant, const nlohmann::json& line) {
  for (auto& [id, connection] : connections_) {
    if (!connection->watches(grant)) continue;
    connection->reply(line);
    if (!connection->outgoing_.empty()) write_later(id);
  }
}

bool ControlServer::is_watched() const {
  return std::ranges::any_of(connections_, [](const auto& entry) { return entry.second->watches_; });
}

void ControlServer::drop(std::uint64_t id) {
  connections_.erase(id);
  on_gone_(id);
}

}  // namespace sallyport
