// JournalChanges: wakes who follows a journal when its folder or a file in it changes. Runs in:
// sallyport-send.
#pragma once

#include <filesystem>

#include "base/unique_fd.h"

namespace sallyport {

// Only a hint: whoever waits for it looks by himself once in a while, too, because a folder may not be there
// yet and a file system of another host says nothing.
class JournalChanges {
 public:
  explicit JournalChanges(std::filesystem::path folder);
  int descriptor() const noexcept { return watch_.get(); }  // readable when something changed; or -1
  void forget();                                            // what has changed until now

 private:
  void begin();
  std::filesystem::path folder_;
  UniqueFd watch_;
};

}  // namespace sallyport
