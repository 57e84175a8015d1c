// FakeGate: a control socket that answers with what a test wrote down, and keeps what it was asked.
#pragma once

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <iostream>
#include <mutex>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "base/unique_fd.h"
#include "gateway/audit/json.h"
#include "gateway/console/console.h"

namespace sallyport {

class FakeGate {
 public:
  // Answers the n-th request, over all connections, with the n-th line; then hangs up.
  explicit FakeGate(std::vector<std::string> replies) : replies_(std::move(replies)) {
    char name[] = "/tmp/sallyport-console-XXXXXX";
    folder_ = mkdtemp(name);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strcpy(address.sun_path, path().c_str());
    listener_ = UniqueFd{socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    if (bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
        listen(listener_.get(), 8) != 0)
      std::abort();
    thread_ = std::thread{[this] { serve(); }};
  }
  FakeGate(const FakeGate&) = delete;
  FakeGate& operator=(const FakeGate&) = delete;
  ~FakeGate() {
    shutdown(listener_.get(), SHUT_RDWR);
    thread_.join();
    std::filesystem::remove_all(folder_);
  }
  std::string path() const { return folder_ + "/control.sock"; }
  std::vector<nlohmann::json> asked() {
    const std::lock_guard lock{mutex_};
    return asked_;
  }

 private:
  void serve() {
    for (;;) {
      const UniqueFd connection{accept(listener_.get(), nullptr, nullptr)};
      if (!connection) return;
      while (answer_one(connection.get())) {
      }
    }
  }
  bool answer_one(int connection) {
    std::string line;
    for (char c = 0; c != '\n'; line += c)
      if (read(connection, &c, 1) != 1) return false;
    const std::lock_guard lock{mutex_};
    asked_.push_back(parse_json(line));
    if (asked_.size() > replies_.size()) return false;
    const auto reply = replies_[asked_.size() - 1] + "\n";
    return send(connection, reply.data(), reply.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(reply.size());
  }

  std::vector<std::string> replies_;
  std::vector<nlohmann::json> asked_;
  std::mutex mutex_;
  std::string folder_;
  UniqueFd listener_;
  std::thread thread_;
};

struct Outcome {
  int exit_code = 0;
  std::string out, err;
};

// The console with these arguments, as a person would type them.
inline Outcome run(std::vector<std::string> arguments, const std::string& input = "") {
  arguments.insert(arguments.begin(), "sallyport");
  std::vector<char*> pointers;
  for (auto& argument : arguments) pointers.push_back(argument.data());
  std::ostringstream out, err;
  std::istringstream in{input};
  auto* const old_out = std::cout.rdbuf(out.rdbuf());
  auto* const old_err = std::cerr.rdbuf(err.rdbuf());
  auto* const old_in = std::cin.rdbuf(in.rdbuf());
  std::cin.clear();
  const int code = run_console(static_cast<int>(pointers.size()), pointers.data());
  std::cout.rdbuf(old_out);
  std::cerr.rdbuf(old_err);
  std::cin.rdbuf(old_in);
  return {code, out.str(), err.str()};
}

}  // namespace sallyport
