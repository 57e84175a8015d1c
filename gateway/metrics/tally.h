// Tally: one counter for each value of a label. The values are known beforehand, so that a peer's words never
// make a new one. Pure; runs in: sallyport-metrics.
#pragma once

#include <utility>
#include <vector>

#include "gateway/metrics/exposition.h"

namespace sallyport {

class Tally {
 public:
  // `values` of the family's label; none: the family has no label.
  explicit Tally(MetricFamily family, std::vector<std::string_view> values = {}) : family_(family) {
    if (values.empty()) values.emplace_back();
    for (const auto value : values) counts_.emplace_back(value, 0);
  }
  // Does nothing where `value` is not one of them.
  void add(std::string_view value, std::uint64_t count = 1) {
    for (auto& [known, sum] : counts_)
      if (known == value) sum += count;
  }
  void write(Exposition& out, WallTime since) const {
    out.begin(family_);
    for (const auto& [value, sum] : counts_) out.counter(sum, since, value);
  }

 private:
  MetricFamily family_;
  std::vector<std::pair<std::string_view, std::uint64_t>> counts_;
};

}  // namespace sallyport
