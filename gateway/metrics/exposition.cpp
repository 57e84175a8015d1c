// Pure; runs in: sallyport-metrics.
#include "gateway/metrics/exposition.h"

#include <fmt/format.h>

namespace sallyport {

namespace {

const char* to_text(MetricKind kind) {
  switch (kind) {
    case MetricKind::counter:
      return "counter";
    case MetricKind::gauge:
      return "gauge";
    case MetricKind::info:
      return "info";
  }
  return "unknown";
}

// OpenMetrics 1.0.0, "Escaping".
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\n') {
      out += "\\n";
      continue;
    }
    if (c == '\\' || c == '"') out += '\\';
    out += c;
  }
  return out;
}

std::string seconds(WallTime time) {
  const auto microseconds = time.time_since_epoch().count();
  return fmt::format("{}.{:06}", microseconds / 1'000'000, microseconds % 1'000'000);
}

}  // namespace

void Exposition::begin(const MetricFamily& family) {
  family_ = family;
  text_ += fmt::format("# TYPE {} {}\n", family.name, to_text(family.kind));
  if (!family.unit.empty()) text_ += fmt::format("# UNIT {} {}\n", family.name, family.unit);
  text_ += fmt::format("# HELP {} {}\n", family.name, escaped(family.help));
}

void Exposition::line(std::string_view suffix, std::string_view label, std::string_view value) {
  text_ += family_.name;
  text_ += suffix;
  if (!family_.label.empty()) text_ += fmt::format("{{{}=\"{}\"}}", family_.label, escaped(label));
  text_ += fmt::format(" {}\n", value);
}

void Exposition::sample(std::uint64_t value, std::string_view label) {
  line(family_.kind == MetricKind::info ? "_info" : "", label, std::to_string(value));
}

void Exposition::sample(WallTime value, std::string_view label) { line("", label, seconds(value)); }

void Exposition::total(std::uint64_t value) { line("_total", {}, std::to_string(value)); }

void Exposition::counter(std::uint64_t value, WallTime created, std::string_view label) {
  line("_total", label, std::to_string(value));
  line("_created", label, seconds(created));
}

std::string Exposition::finish() && { return std::move(text_) + "# EOF\n"; }

}  // namespace sallyport
