// Runs in: sallyport.
#include "gateway/console/sending.h"

#include <algorithm>

#include "base/advice.h"
#include "base/duration.h"
#include "gateway/audit/follower.h"

namespace sallyport {

namespace {

// The first record that waits, if one does.
Result<std::optional<WallTime>> first_behind(const std::filesystem::path& journal, const Position& position) {
  std::optional<WallTime> time;
  Follower follower{journal, position};
  RETURN_IF_ERROR(follower.read(
      1,
      [&](const RecordView& record, const Place&) -> Done {
        ASSIGN_OR_RETURN(time, from_rfc3339(record.time));
        return {};
      },
      [](const Break&) { return Done{}; }));
  return time;
}

Result<Sending> look_at(const ConsoleContext& context, const Destination& destination, const Position& head) {
  const auto file = delivery_file(send_folder(context.state), destination.name);
  ASSIGN_OR_RETURN(const auto stored, load_delivery(file));
  Sending sending{destination, stored.value_or(Delivery{}), head.seq, 0, {}};
  const auto position = sending.delivery.position.value_or(Position{});
  ASSIGN_OR_RETURN(sending.oldest, first_behind(journal_folder(context.state), position));
  if (sending.oldest) sending.waiting = head.seq > position.seq ? head.seq - position.seq : head.seq;
  return sending;
}

std::chrono::seconds age_of(const Sending& sending, WallTime now) {
  const auto age = now - sending.oldest.value_or(now);
  return std::max(std::chrono::seconds{0}, std::chrono::duration_cast<std::chrono::seconds>(age));
}

}  // namespace

Result<std::vector<Sending>> look_at_sending(const ConsoleContext& context,
                                             const std::vector<Destination>& destinations) {
  ASSIGN_OR_RETURN(const auto end, Follower::at_end(journal_folder(context.state)));
  std::vector<Sending> all;
  for (const auto& destination : destinations) {
    ASSIGN_OR_RETURN(auto sending, look_at(context, destination, end.position()));
    all.push_back(std::move(sending));
  }
  return all;
}

bool is_late(const Sending& sending, WallTime now) {
  return age_of(sending, now) > sending.destination.lag_limit;
}

bool in_trouble(const Sending& sending, WallTime now) {
  return is_late(sending, now) || !sending.delivery.problem.empty();
}

std::string sentence(const Sending& sending, WallTime now) {
  const auto& delivery = sending.delivery;
  auto text = delivery.position && delivery.position->seq > 0
                  ? fmt::format("record {} is there", delivery.position->seq)
                  : std::string{"nothing is there yet"};
  if (sending.waiting > 0)
    text += fmt::format(", {} wait{}, the oldest for {}", sending.waiting, sending.waiting == 1 ? "s" : "",
                        to_text(age_of(sending, now)));
  if (!delivery.problem.empty()) text += ": " + split_advice(delivery.problem).problem;
  return text;
}

std::string remedy(const Sending& sending) {
  if (sending.delivery.problem.empty())
    return "see that sallyport-send.service runs: systemctl status sallyport-send";
  if (auto fix = split_advice(sending.delivery.problem).fix; !fix.empty()) return fix;
  return fmt::format("see that {} takes connections and reads; nothing is lost meanwhile",
                     sending.destination.to);
}

}  // namespace sallyport
