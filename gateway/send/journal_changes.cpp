// Runs in: sallyport-send.
#include "gateway/send/journal_changes.h"

#include <sys/inotify.h>

#include <array>
#include <utility>

namespace sallyport {

JournalChanges::JournalChanges(std::filesystem::path folder) : folder_(std::move(folder)) { begin(); }

void JournalChanges::begin() {
  watch_.reset(inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (inotify_add_watch(watch_.get(), folder_.c_str(), IN_MODIFY | IN_MOVED_TO | IN_CREATE | IN_DELETE_SELF) <
      0)
    watch_.reset();
}

void JournalChanges::forget() {
  if (!watch_) return begin();
  std::array<char, 4096> events;
  bool gone = false;
  for (ssize_t got = 0; (got = ::read(watch_.get(), events.data(), events.size())) > 0;)
    for (std::size_t at = 0; at < static_cast<std::size_t>(got);) {
      const auto* event = reinterpret_cast<const inotify_event*>(events.data() + at);
      gone = gone || (event->mask & IN_IGNORED) != 0;
      at += sizeof *event + event->len;
    }
  if (gone) begin();
}

}  // namespace sallyport
