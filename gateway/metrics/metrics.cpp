// Runs in: sallyport-metrics.
#include "gateway/metrics/metrics.h"

#include "base/log.h"
#include "base/reach.h"
#include "gateway/metrics/present.h"
#include "gateway/version/version.h"

namespace sallyport {

namespace {

using enum MetricKind;

constexpr std::size_t kAtOnce = 2000;  // records: some 50 ms

constexpr MetricFamily kBuild{"sallyport_build", info, "Version of sallyport-metrics.", "", "version"};
constexpr MetricFamily kUp{"sallyport_up", gauge,
                           "1: the monitor accepts connections at its control socket."};
constexpr MetricFamily kReadable{"sallyport_journal_readable", gauge, "1: the journal's files can be read."};
constexpr MetricFamily kCaughtUp{"sallyport_journal_caught_up", gauge,
                                 "1: every record that is there has been read; 0: there are more to come."};
constexpr MetricFamily kUnsigned{"sallyport_journal_unsigned_records", gauge,
                                 "Records that no signed head covers yet."};
constexpr MetricFamily kHeadTime{"sallyport_journal_last_head_timestamp_seconds", gauge,
                                 "When the last head was signed.", "seconds"};
constexpr MetricFamily kFree{"sallyport_disk_free_bytes", gauge,
                             "Free room where journal and recordings are.", "bytes"};
constexpr MetricFamily kSize{"sallyport_disk_size_bytes", gauge, "All room there.", "bytes"};

std::uint64_t flag(bool value) { return value ? 1 : 0; }

}  // namespace

Result<Metrics> Metrics::open(const std::filesystem::path& state,
                              const std::filesystem::path& control_socket) {
  const auto folder = journal_folder(state);
  ASSIGN_OR_RETURN(const auto files, journal_files(folder));
  Position before;
  if (!files.empty()) {
    ASSIGN_OR_RETURN(const auto last, start_of_segment(files, files.size() - 1));
    if (last) before = last->start.position;
  }
  return Metrics{state, control_socket, Follower{folder, before}};
}

Follower::More Metrics::read_on() {
  const auto count = [&](const RecordView& view, const Place&) -> Done {
    ASSIGN_OR_RETURN(const auto record, take_apart(view.line));
    counts_.see(record);
    return {};
  };
  const auto note = [&](const Break& found) -> Done {
    log_warning("journal: {}", found.message());
    counts_.see_break();
    return {};
  };
  const auto more = follower_.read(kAtOnce, count, note);
  if (!more && readable_) log_error("journal: {}", more.error().message());
  readable_ = more.has_value();
  caught_up_ = more && *more == Follower::More::no;
  return more.value_or(Follower::More::no);
}

void Metrics::write_lag(Exposition& out) const {
  const auto head = last_head(state_);
  if (!head) return;
  const auto records = counts_.records();
  out.add(kUnsigned, records > head->records ? records - head->records : 0);
  out.add(kHeadTime, head->time);
}

void Metrics::write_state(Exposition& out) const {
  out.begin(kBuild);
  out.sample(std::uint64_t{1}, kVersion);
  // No question is put to the monitor, which has better to do.
  out.add(kUp, flag(try_to_connect(control_socket_).has_value()));
  out.add(kReadable, flag(readable_));
  out.add(kCaughtUp, flag(caught_up_));
  if (const auto room = disk_room(state_)) {
    out.add(kFree, room->free);
    out.add(kSize, room->size);
  }
}

std::string Metrics::text() const {
  Exposition out;
  counts_.write(out);
  write_lag(out);
  write_state(out);
  return std::move(out).finish();
}

}  // namespace sallyport
