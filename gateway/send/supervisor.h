// Supervisor: a process for each destination, so that none waits for another's name server, TLS or disk; one
// that dies is started again. Runs in: sallyport-send.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"

namespace sallyport {

struct Task {
  std::string name;
  std::function<Done()> run;  // in its own process, until it is sent SIGTERM
};

// Until SIGTERM or SIGINT, which goes to every process.
Done supervise(const std::vector<Task>& tasks);

}  // namespace sallyport
