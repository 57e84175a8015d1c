// ControlClient: the console's end of the monitor's control socket (docs/WIRE.md, section 3).
// Runs in: sallyport.
#pragma once

#include <string>

#include "base/result.h"
#include "base/unique_fd.h"
#include "gateway/audit/json.h"
#include "gateway/console/context.h"

namespace sallyport {

class ControlClient {
 public:
  static Result<ControlClient> connect(const std::filesystem::path& path);
  // On a socket that is connected already.
  explicit ControlClient(UniqueFd socket) : socket_(std::move(socket)) {}

  struct Reply {
    nlohmann::json result;
    UniqueFd descriptor;  // of target.scan, session.watch
  };
  // One question, its answer. A refusal is an Error with the monitor's own sentence.
  Result<Reply> ask(const nlohmann::json& request);

  // The two halves of ask(), for `watch`: the monitor answers with lines until we hang up.
  Done send(const nlohmann::json& request);
  // The next line; Error with code ECONNRESET when the monitor has hung up. With `wait` false, an Error with
  // code EAGAIN when no whole line is there.
  Result<nlohmann::json> next_line(bool wait = true);
  // What came with the lines so far, once.
  UniqueFd take_descriptor() noexcept { return std::move(descriptor_); }
  int fd() const noexcept { return socket_.get(); }

 private:
  Done receive(bool wait);
  UniqueFd socket_;
  std::string incoming_;
  UniqueFd descriptor_;
};

// connect() and ask(); sets the exit code when the monitor is not there.
Result<ControlClient> connect(ConsoleContext& context);
Result<nlohmann::json> ask(ConsoleContext& context, const nlohmann::json& request);

}  // namespace sallyport
