// Flow: one direction of a channel, from the leg or socket it comes from to the one it goes to.
// Runs in: sallyport-ssh.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

#include "gateway/ssh/backlog.h"
#include "gateway/ssh/leg.h"

namespace sallyport {

enum class Stream { data, errors };  // SSH's channel data and extended data

class Flow {
 public:
  // Sees every byte that is taken in, before it can reach the other leg.
  using Witness = std::function<void(std::string_view)>;
  // The same, and may put other bytes in their place; nothing: they go on as they are, and are not copied.
  using Editor = std::function<std::optional<std::string>(std::string_view)>;

  explicit Flow(Stream stream) : stream_(stream), backlog_(kCapacity) {}
  // Before the first byte has gone on. What a hasty peer sent already is edited too.
  void edit_with(Editor editor);

  // What libssh's data callback is given: takes what there is room for and returns how much. The rest stays
  // in libssh's buffer and closes the source's window: that is the only thing that stops a source, so a slow
  // channel never stops its neighbours, and both legs are always read.
  std::size_t arrive(std::string_view bytes, const Witness& witness);
  // Fetches what had to stay in libssh's buffer, now that there is room. True when something moved.
  bool refill(ssh_channel source, const Witness& witness);
  // The same for a source that is a socket, whose kernel holds what there is no room for. A reset ends it as
  // its EOF does: SSH has no word for the difference.
  bool fill(int source);
  // Hands on what `sink` takes now. True when something moved.
  bool drain(Leg& sink, ssh_channel destination);
  bool drain(int destination);
  bool has_bytes() const noexcept { return !backlog_.empty(); }
  bool has_room() const noexcept { return !ended_ && !discarding_ && backlog_.room() > 0; }

  void end() noexcept { ended_ = true; }
  // The source has said that it will send no more, and everything it sent has been handed on. Its word may
  // come before its last bytes were read.
  bool finished() const noexcept { return ended_ && drained(); }
  bool drained() const noexcept { return backlog_.empty() && held_ == 0; }
  // The gate's own words, after what is waiting.
  void say(std::string_view words) { backlog_.force(words); }
  // The destination is gone: what is waiting and what may still come goes nowhere.
  void discard();
  // The source is gone: what libssh held of it is out of reach.
  void lose_source() noexcept { held_ = 0, ended_ = true; }

  std::uint64_t passed() const noexcept { return passed_; }
  // The source ignored its window.
  bool overrun() const noexcept { return held_ > kOverrun; }

 private:
  void keep(std::string_view bytes, const Witness& witness);

  static constexpr std::size_t kCapacity = 256 * 1024;
  static constexpr std::size_t kOverrun = 8 * 1024 * 1024;  // libssh's window is at most 2 MiB

  Stream stream_;
  Editor editor_;
  Backlog backlog_;
  std::size_t held_ = 0;  // in libssh's buffer, unread. Counted here: asking libssh would run callbacks.
  std::uint64_t passed_ = 0;
  bool ended_ = false, discarding_ = false;
};

}  // namespace sallyport
