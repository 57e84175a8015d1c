// ControlServer: the unix socket at which the console asks. Peer credentials are looked at before a byte is
// read; then one JSON object a line, with limits. Runs in: sallyportd (privileged).
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/unique_fd.h"
#include "gateway/audit/json.h"
#include "gateway/audit/record.h"
#include "gateway/monitor/loop.h"
#include "gateway/monitor/roles.h"

namespace sallyport {

// One console's connection.
class ControlConnection {
 public:
  ControlConnection(UniqueFd socket, Visitor visitor)
      : socket_(std::move(socket)), visitor_(std::move(visitor)) {}

  const Visitor& visitor() const noexcept { return visitor_; }
  // Queues one line; `descriptor` is borrowed until the call returns and goes with the line's first byte.
  void reply(const nlohmann::json& line, int descriptor = -1);
  void answer(nlohmann::json result, int descriptor = -1);
  void refuse(const std::string& sentence);
  // From now on gets every record, or those of one grant.
  void subscribe(std::string grant) { watches_ = true, watched_grant_ = std::move(grant); }
  void offer(const Record& record);
  bool watches(const std::string& grant) const {
    return watches_ && (watched_grant_.empty() || watched_grant_ == grant);
  }

 private:
  friend class ControlServer;
  void flush();
  // Nothing more is sent. The shutdown makes the socket readable, so that the server sees it and drops us.
  void give_up();
  UniqueFd socket_;
  UniqueFd write_end_;  // a second number for the socket: epoll takes each number once
  Visitor visitor_;
  std::string incoming_, outgoing_;
  bool watches_ = false, closed_ = false;
  std::string watched_grant_;
  Watch readable_, writable_;
};

class ControlServer {
 public:
  // Handles one request; answers through the connection, now or later (the id stays valid or finds nobody).
  using OnRequest = std::function<void(std::uint64_t connection, const nlohmann::json& request)>;

  // Told once when a console has hung up; its id is not used again.
  using OnGone = std::function<void(std::uint64_t connection)>;

  static Result<std::unique_ptr<ControlServer>> listen(Loop& loop, const std::filesystem::path& path,
                                                       OnRequest on_request, OnGone on_gone);
  ControlConnection* find(std::uint64_t connection);
  void broadcast(const Record& record);
  // A line that is no record, to who watches this grant.
  void broadcast(const std::string& grant, const nlohmann::json& line);
  bool is_watched() const;

 private:
  ControlServer(Loop& loop, UniqueFd socket, OnRequest on_request, OnGone on_gone);
  void accept_one();
  void read_some(std::uint64_t id);
  void handle_lines(std::uint64_t id);
  void write_later(std::uint64_t id);
  void drop(std::uint64_t id);

  Loop* loop_;
  OnRequest on_request_;
  OnGone on_gone_;
  std::map<std::uint64_t, std::unique_ptr<ControlConnection>> connections_;
  std::uint64_t next_id_ = 1;
  UniqueFd socket_;
  Watch watch_;
};

}  // namespace sallyport
