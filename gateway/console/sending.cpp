// Runs in: sallyport.
#include "gateway/console/sending.h"

#include <algorithm>

#include "base/advice.h"
#include "base/duration.h"
#include "gateway/audit/follower.h"
#include "gateway/review/values.h"
#include "policies/catalogue.h"

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

std::chrono::seconds age_of(const Sending& sending, WallTime now) {
  const auto age = now - sending.oldest.value_or(now);
  return std::max(std::chrono::seconds{0}, std::chrono::duration_cast<std::chrono::seconds>(age));
}

}  // namespace

Result<std::vector<Destination>> destinations_of(const ConsoleContext& context) {
  auto settings = load_settings(context.config);
  if (!settings) return fail("{}", settings.error().front().message());
  return std::move(settings->destinations);
}

Result<std::vector<Sending>> noted_sending(const ConsoleContext& context,
                                           const std::vector<Destination>& destinations) {
  std::vector<Sending> all;
  for (const auto& destination : destinations) {
    ASSIGN_OR_RETURN(auto noted, load_delivery(delivery_file(send_folder(context.state), destination.name)));
    all.push_back({destination, std::move(noted).value_or(Delivery{}), 0, 0, {}});
  }
  return all;
}

void hold_against(Sending& sending, const Position& head) {
  const auto position = sending.delivery.position.value_or(Position{});
  sending.head = head.seq;
  // One that is not in the journal (it was restored): all will be sent again.
  sending.waiting = head.seq > position.seq ? head.seq - position.seq : position == head ? 0 : head.seq;
}

Result<std::vector<Sending>> look_at_sending(const ConsoleContext& context,
                                             const std::vector<Destination>& destinations) {
  ASSIGN_OR_RETURN(auto all, noted_sending(context, destinations));
  const auto journal = journal_folder(context.state);
  ASSIGN_OR_RETURN(const auto end, Follower::at_end(journal));
  for (auto& sending : all) {
    hold_against(sending, end.position());
    if (sending.waiting == 0) continue;
    ASSIGN_OR_RETURN(sending.oldest, first_behind(journal, sending.delivery.position.value_or(Position{})));
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
    text += fmt::format(", {} wait{}", sending.waiting, sending.waiting == 1 ? "s" : "");
  if (sending.oldest) text += fmt::format(", the oldest for {}", to_text(age_of(sending, now)));
  if (delivery.problem.empty()) return text;
  text += ": " + split_advice(delivery.problem).problem;
  if (!sending.oldest && !delivery.since.empty())
    text += ", since " + time_text_with_distance(delivery.since, now);
  return text;
}

Color color_of(const Sending& sending, WallTime now) {
  if (is_late(sending, now)) return Color::bad;
  return sending.delivery.problem.empty() ? Color::none : Color::warning;
}

std::string remedy(const Sending& sending) {
  if (sending.delivery.problem.empty())
    return "see that sallyport-send.service runs: systemctl status sallyport-send";
  if (auto fix = split_advice(sending.delivery.problem).fix; !fix.empty()) return fix;
  return fmt::format("see that {} takes connections and reads; nothing is lost meanwhile",
                     sending.destination.to);
}

nlohmann::json to_json(const Sending& sending, WallTime now) {
  const auto& delivery = sending.delivery;
  nlohmann::json object{{"name", sending.destination.name},
                        {"to", sending.destination.to},
                        {"seq", delivery.position ? delivery.position->seq : 0},
                        {"head", sending.head},
                        {"waiting", sending.waiting}};
  if (sending.oldest || sending.waiting == 0) object["late"] = is_late(sending, now);
  if (sending.oldest) object["oldest"] = to_rfc3339(*sending.oldest);
  if (!delivery.problem.empty()) {
    object["problem"] = split_advice(delivery.problem).problem;
    object["since"] = delivery.since;
  }
  if (in_trouble(sending, now)) object["fix"] = remedy(sending);
  return object;
}

}  // namespace sallyport
