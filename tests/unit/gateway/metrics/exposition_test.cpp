// The text format, sample by sample. Runs in: tests.
#include "gateway/metrics/exposition.h"

#include "gateway/metrics/tally.h"
#include "tests/catch.h"

using namespace sallyport;

namespace {

const WallTime kTime = from_rfc3339("2026-03-01T10:00:07.074453Z").value();

}  // namespace

TEST_CASE("a family is told once, then its samples, and EOF stands last") {
  Exposition out;
  out.begin({"sallyport_grants", MetricKind::gauge, "Grants.", "", "state"});
  out.sample(std::uint64_t{3}, "armed");
  out.sample(std::uint64_t{0}, "active");
  out.add({"sallyport_disk_free_bytes", MetricKind::gauge, "Room.", "bytes"},
          std::uint64_t{18446744073709551615U});
  out.add({"sallyport_x_seconds", MetricKind::gauge, "Time.", "seconds"}, kTime);
  CHECK(std::move(out).finish() ==
        "# TYPE sallyport_grants gauge\n"
        "# HELP sallyport_grants Grants.\n"
        "sallyport_grants{state=\"armed\"} 3\n"
        "sallyport_grants{state=\"active\"} 0\n"
        "# TYPE sallyport_disk_free_bytes gauge\n"
        "# UNIT sallyport_disk_free_bytes bytes\n"
        "# HELP sallyport_disk_free_bytes Room.\n"
        "sallyport_disk_free_bytes 18446744073709551615\n"
        "# TYPE sallyport_x_seconds gauge\n"
        "# UNIT sallyport_x_seconds seconds\n"
        "# HELP sallyport_x_seconds Time.\n"
        "sallyport_x_seconds 1772359207.074453\n"
        "# EOF\n");
}

TEST_CASE("a counter says since when it counts, each value of its label from the beginning") {
  Tally tally{{"sallyport_logins", MetricKind::counter, "Logins.", "", "result"}, {"accepted", "failed"}};
  tally.add("failed", 2);
  tally.add("failed");
  tally.add("coffee");
  Exposition out;
  tally.write(out, kTime);
  CHECK(std::move(out).finish() ==
        "# TYPE sallyport_logins counter\n"
        "# HELP sallyport_logins Logins.\n"
        "sallyport_logins_total{result=\"accepted\"} 0\n"
        "sallyport_logins_created{result=\"accepted\"} 1772359207.074453\n"
        "sallyport_logins_total{result=\"failed\"} 3\n"
        "sallyport_logins_created{result=\"failed\"} 1772359207.074453\n"
        "# EOF\n");
}

TEST_CASE("what could end a label or a line is escaped") {
  Exposition out;
  out.begin({"sallyport_build", MetricKind::info, "a \\ and\na line", "", "version"});
  out.sample(std::uint64_t{1}, "0.1 \"\\\n");
  CHECK(std::move(out).finish() ==
        "# TYPE sallyport_build info\n"
        "# HELP sallyport_build a \\\\ and\\na line\n"
        "sallyport_build_info{version=\"0.1 \\\"\\\\\\n\"} 1\n"
        "# EOF\n");
}
