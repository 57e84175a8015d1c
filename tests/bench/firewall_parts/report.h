// What the benchmark's program tells tests/bench/firewall, line by line on standard output; what it is told
// comes in the environment. Runs in: the firewall benchmark, as root.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace sallyport {

using Microseconds = std::chrono::duration<double, std::micro>;
using Milliseconds = std::chrono::duration<double, std::milli>;
using Seconds = std::chrono::duration<double>;

inline std::size_t parameter(const char* name, std::size_t usual) {
  const char* const text = std::getenv(name);
  return text == nullptr ? usual : std::strtoul(text, nullptr, 10);
}

inline void say_progress(const std::string& what) {
  std::printf("progress %s\n", what.c_str());
  std::fflush(stdout);
}

inline void say_figures(const nlohmann::json& figures) {
  std::printf("figures %s\n", figures.dump().c_str());
  std::fflush(stdout);
}

// The middle value; of none, 0.
inline double median(std::vector<double> values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::ranges::nth_element(values, middle);
  return *middle;
}

}  // namespace sallyport
