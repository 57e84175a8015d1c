// our_bug(): the program itself is wrong, so it must not go on. Never for input. Runs in: every program.
#pragma once

namespace sallyport {

// Aborts with file and line when `condition` is true. Stays on in release builds: a gate whose own
// reasoning has failed must fall closed, and the kernel closes everything when we die (I4).
// The builtins stand where std::source_location would, which clang 14 lacks.
void our_bug(bool condition, const char* what, const char* file = __builtin_FILE(),
             int line = __builtin_LINE());

}  // namespace sallyport
