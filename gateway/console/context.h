// ConsoleContext: the global options, what every command shares, and the exit code. Runs in: sallyport.
#pragma once

#include <filesystem>

namespace sallyport {

// Part of the interface for scripts.
namespace exit_code {
inline constexpr int done = 0;
inline constexpr int refused = 1;
inline constexpr int wrong_usage = 2;
inline constexpr int not_reachable = 3;
}  // namespace exit_code

struct ConsoleContext {
  bool json = false;   // exactly one JSON document on standard output (watch: one a line)
  bool color = false;  // standard output is a terminal and NO_COLOR is not set
  std::filesystem::path socket = "/run/sallyport/control.sock";
  std::filesystem::path config = "/etc/sallyport";
  std::filesystem::path state = "/var/lib/sallyport";
  int exit_code = exit_code::done;
};

}  // namespace sallyport
