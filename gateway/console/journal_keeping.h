// Which of the journal's oldest segments nobody needs any more; the gate deletes them. Runs in: sallyport, as
// root, by a timer.
#pragma once

#include "base/clock.h"
#include "gateway/console/context.h"

namespace sallyport {

struct SegmentsKept {
  std::uint64_t deleted = 0;
  std::string problem;  // why one that is old stays; empty: nothing is wrong
};
// Of a journal that was found whole: has those deleted that are old by the gate's own rule, the oldest first,
// up to one that somebody still waits for: a destination of [[send]], or a recording that it tells of.
SegmentsKept keep_segments(ConsoleContext& context, WallTime now);

}  // namespace sallyport
