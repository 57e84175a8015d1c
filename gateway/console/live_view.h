// LiveView: a running session's terminal as it happens, until the session ends or the viewer leaves. It
// shows, and sends nothing to the session. Runs in: sallyport.
#pragma once

#include <optional>
#include <string>

#include "gateway/console/cast_follower.h"
#include "gateway/console/context.h"
#include "gateway/console/control_client.h"
#include "gateway/console/raw_terminal.h"
#include "gateway/console/screen.h"

namespace sallyport {

struct LiveOptions {
  std::string session;
  std::uint32_t channel = 0;  // 0: the newest
  bool raw = false;
  bool json = false;  // the recording's events, one a line
};

class LiveView {
 public:
  // `terminal` outlives the view.
  LiveView(LiveOptions options, ControlClient gate, RawTerminal& terminal)
      : options_(std::move(options)), gate_(std::move(gate)), terminal_(terminal) {}

  Done run();

 private:
  Done follow();
  Done ask(std::uint32_t channel);
  Done hear();
  Done hear_reply(const nlohmann::json& reply);
  void hear_record(const nlohmann::json& record);
  Done show_new();
  void show(const CastEvent& event);
  void begin(const Cast& cast);
  void tell_size(int columns, int rows);
  Done follow_next();
  void leave_screen();

  LiveOptions options_;
  ControlClient gate_;
  RawTerminal& terminal_;
  std::uint64_t channel_ = 0;  // of the recording that is shown
  std::optional<CastFollower> recording_;
  std::optional<Screen> screen_;
  bool asked_ = false, channel_over_ = false, size_told_ = false;
  std::string ended_;  // why; empty while the session runs
};

// `watch` with a session.
Done watch_session(ConsoleContext& context, LiveOptions options);

}  // namespace sallyport
