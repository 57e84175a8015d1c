// Tells an admitted rep, in a sentence on its terminal, why there is no session. Runs in: sallyport-ssh.
#pragma once

#include <string>
#include <string_view>

#include "gateway/ssh/rep_side.h"

namespace sallyport {

// The gate's own words on a rep's screen, recognisable and on lines of their own.
std::string gate_says(std::string_view sentence);

// Waits up to five seconds for the rep to start a program, says the sentence there, ends it with status 255
// and disconnects.
void say_last_words(RepSide& rep, MonitorClient& monitor, const std::string& sentence, const Clock& clock);

}  // namespace sallyport
