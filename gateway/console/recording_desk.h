// RecordingDesk: hands out recordings, each only after the gate has journaled who reads it and what for.
// Where no gate runs, as over a copy of the records, there is nobody to journal it: then the file is opened
// as it stands, and that is said. Runs in: sallyport.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "gateway/console/context.h"
#include "gateway/console/control_client.h"

namespace sallyport {

// Which channels of a session have a recording, by their files, in order; none when there is no such session.
Result<std::vector<std::uint64_t>> recorded_channels(const ConsoleContext& context,
                                                     const std::string& session);

class RecordingDesk {
 public:
  // `purpose` as docs/WIRE.md lists them.
  RecordingDesk(const ConsoleContext& context, std::string purpose)
      : context_(context), purpose_(std::move(purpose)) {}

  Result<UniqueFd> open(const std::string& session, std::uint64_t channel);

 private:
  // Nothing when the gate is not there, or knows no such recording.
  Result<UniqueFd> ask(const std::string& session, std::uint64_t channel);
  void say_once(const std::string& why);

  const ConsoleContext& context_;
  std::string purpose_;
  std::optional<ControlClient> gate_;
  bool tried_ = false, said_ = false;
};

}  // namespace sallyport
