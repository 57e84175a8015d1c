// Exposition: numbers in OpenMetrics' text format, version 1.0.0. Pure; runs in: sallyport-metrics.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace sallyport {

inline constexpr const char* kOpenMetricsType = "application/openmetrics-text; version=1.0.0; charset=utf-8";

enum class MetricKind : std::uint8_t { counter, gauge, info };

// What a number is of. The name ends with the unit, where there is one.
struct MetricFamily {
  std::string_view name;
  MetricKind kind = MetricKind::gauge;
  std::string_view help;
  std::string_view unit = {};
  std::string_view label = {};  // the one label; empty: none
};

class Exposition {
 public:
  // Begins a family; its samples follow.
  void begin(const MetricFamily& family);
  void sample(std::uint64_t value, std::string_view label = {});
  void sample(WallTime value, std::string_view label = {});  // seconds since 1970
  // A counter that never begins anew.
  void total(std::uint64_t value);
  // A counter, and since when it counts: where that changes, it began anew.
  void counter(std::uint64_t value, WallTime created, std::string_view label = {});

  // A family of one sample without a label.
  template <class Value>
  void add(const MetricFamily& family, Value value) {
    begin(family);
    sample(value);
  }
  std::string finish() &&;

 private:
  void line(std::string_view suffix, std::string_view label, std::string_view value);

  MetricFamily family_;
  std::string text_;
};

}  // namespace sallyport
