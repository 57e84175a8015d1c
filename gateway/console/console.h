// The console as a function, so that a test can run it. Runs in: sallyport.
#pragma once

namespace sallyport {

// Returns the exit code: 0 done, 1 refused, 2 wrong usage, 3 daemon not reachable.
int run_console(int argc, char** argv);

}  // namespace sallyport
