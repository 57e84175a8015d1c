// Runs in: sallyport-send.
#include "gateway/send/courier.h"

#include <algorithm>
#include <utility>

#include "base/log.h"

namespace sallyport {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t kBatchRecords = 512, kBatchBytes = 512 * 1024;
constexpr auto kWindowTime = 5s;
constexpr auto kLinger = 1s;      // for more to come, before the window is closed
constexpr auto kGather = 20ms;    // for what is being written just now
constexpr auto kLookAgain = 10s;  // where nothing wakes us
constexpr auto kFirstPause = 1s, kLongestPause = 60s;

}  // namespace

void Courier::run() {
  auto pause = kFirstPause;
  while (!waiter_.stopping()) {
    auto done = begun_ ? Done{} : begin();
    if (done) done = deliver();
    if (done) {
      pause = kFirstPause;
      window_ = std::min(2 * window_, kMostInWindow);
      continue;
    }
    if (waiter_.stopping()) return;
    note(done.error());
    window_ = std::max<std::size_t>(1, window_ / 4);
    if (begun_) follower_ = Follower{place_.journal, delivered_.position.value_or(Position{})};
    waiter_.pause(pause);
    pause = std::min(2 * pause, kLongestPause);
  }
}

Done Courier::begin() {
  auto stored = load_delivery(place_.delivery);
  if (!stored) {
    // Everything again, rather than something never.
    log_error("{}: {}: all records are sent again", destination_.name, stored.error().message());
    stored = std::optional{Delivery{Position{}, {}, {}}};
  }
  delivered_ = stored->value_or(Delivery{});
  if (delivered_.position) {
    follower_ = Follower{place_.journal, *delivered_.position};
  } else if (destination_.from == SendFrom::now) {
    const auto end = Follower::at_end(place_.journal);
    const bool none_yet = !end && end.error().code() == ENOENT;
    if (!end && !none_yet) return tl::unexpected{end.error()};
    if (end) follower_ = *end;
    RETURN_IF_ERROR(settle(follower_.position()));
  }
  begun_ = true;
  return {};
}

void Courier::add(Report report) {
  if (destination_.format == SendFormat::ocsf) translate_to_ocsf(report, place_.host);
  batch_.push_back(std::move(report));
}

Result<bool> Courier::read() {
  changes_.forget();
  batch_.clear();
  std::size_t bytes = 0;
  const auto read = follower_.read(
      std::min(kBatchRecords, window_),
      [&](const RecordView& record, const sallyport::Place&) -> Done {
        if (bytes >= kBatchBytes) return fail("enough for now");
        ASSIGN_OR_RETURN(auto report, report_of(record));
        bytes += report.text.size();
        add(std::move(report));
        return {};
      },
      [&](const Break& broken) -> Done {
        log_error("{}: the journal is broken: {}", destination_.name, broken.message());
        add(report_of(broken, clock_.wall()));
        return {};
      });
  if (!read && bytes < kBatchBytes) return tl::unexpected{read.error()};
  return !batch_.empty();
}

void Courier::await_records() {
  if (waiter_.wait({{changes_.descriptor(), POLLIN, 0}}, Waiter::in(kLookAgain)) == Waiter::Came::ready)
    waiter_.pause(kGather);
}

Result<bool> Courier::read_soon(Link& link) {
  ASSIGN_OR_RETURN(const bool found, read());
  if (found || waiter_.stopping()) return found;
  const auto came =
      waiter_.wait({{changes_.descriptor(), POLLIN, 0}, {link.descriptor(), POLLIN, 0}}, Waiter::in(kLinger));
  if (came != Waiter::Came::ready) return false;
  RETURN_IF_ERROR(link.alive());
  return read();
}

Done Courier::deliver() {
  for (;;) {
    ASSIGN_OR_RETURN(const bool found, read());
    if (found) break;
    await_records();
    if (waiter_.stopping()) return {};
  }
  ASSIGN_OR_RETURN(const auto link, open_link(destination_, place_.host, waiter_));
  const auto window_ends = Waiter::in(kWindowTime);
  for (std::size_t sent = 0;;) {
    RETURN_IF_ERROR(follower_.make_durable());
    RETURN_IF_ERROR(link->send(batch_));
    sent += batch_.size();
    if (sent >= window_ || waiter_.stopping() || Waiter::in(0s) > window_ends) break;
    ASSIGN_OR_RETURN(const bool more, read_soon(*link));
    if (!more) break;
  }
  // What was read and not sent cannot be: read_soon() comes last before send().
  RETURN_IF_ERROR(link->finish());
  return settle(follower_.position());
}

Done Courier::settle(const Position& position) {
  if (!delivered_.problem.empty()) log_info("{}: {} takes records again", destination_.name, destination_.to);
  const auto before = std::exchange(delivered_, Delivery{position, {}, {}});
  if (before == delivered_) return {};
  // Where it cannot be stored we know it all the same: only a restart would send again.
  return store_delivery(place_.delivery, delivered_);
}

// Said once, however often it is tried again.
void Courier::note(const Error& error) {
  const auto problem = error.message();
  if (problem == delivered_.problem) return;
  log_warning("{}: nothing is sent to {}: {}", destination_.name, destination_.to, problem);
  if (delivered_.problem.empty()) delivered_.since = to_rfc3339(clock_.wall());
  delivered_.problem = problem;
  if (const auto stored = store_delivery(place_.delivery, delivered_); !stored)
    log_error("{}: {}", destination_.name, stored.error().message());
}

}  // namespace sallyport
