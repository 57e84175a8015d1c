// A Recorder that keeps nothing, linked in the place of gateway/worker/recorder.cpp into a worker of the
// benchmark alone: what a session costs that nobody records. Runs in: tests/bench/records.
#include "gateway/worker/recorder.h"

namespace sallyport {

Result<Recorder> Recorder::start(UniqueFd file, const RecordedTerminal&, const RecordingRules& rules,
                                 const Clock& clock) {
  ASSIGN_OR_RETURN(auto mask, OutputMask::create({}));
  return Recorder{std::move(file), rules, std::move(mask), clock};
}

void Recorder::output(std::string_view) {}
void Recorder::input(std::string_view) {}
void Recorder::resize(std::uint32_t, std::uint32_t) {}
void Recorder::marker(std::string_view) {}
Done Recorder::flush() { return {}; }
Done Recorder::finish() { return {}; }

}  // namespace sallyport
