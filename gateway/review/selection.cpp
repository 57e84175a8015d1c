// Runs in: sallyport.
#include "gateway/review/selection.h"

#include <algorithm>
#include <array>

#include "base/duration.h"
#include "base/escape.h"

namespace sallyport {

namespace {

using nlohmann::json;

// Who and what before the numbers.
constexpr std::array kFirst{"rep",     "target",    "by",   "enabled_by", "grant", "session",
                            "channel", "direction", "what", "path",       "peer",  "reason"};

std::string to_words(const json& value) {
  if (value.is_string()) return escape_terminal(value.get_ref<const std::string&>());
  if (value.is_array()) {
    std::string out;
    for (const auto& item : value) out += (out.empty() ? "" : ",") + to_words(item);
    return out;
  }
  return escape_terminal(json_text(value));
}

std::string member(const std::string& key, const json& value) {
  auto words = to_words(value);
  if (words.empty() || words.find(' ') != words.npos) words = "\"" + words + "\"";
  return escape_terminal(key) + "=" + words;
}

}  // namespace

std::string text_field(const Record& record, const char* key) {
  const auto found = record.fields.find(key);
  return found != record.fields.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

bool Selection::holds(const Record& record) const {
  if ((since && record.time < *since) || (until && record.time > *until)) return false;
  if (!session.empty() && text_field(record, "session") != session) return false;
  if (!grant.empty() && text_field(record, "grant") != grant) return false;
  const auto family = record.event.substr(0, record.event.find('.'));
  return event.empty() || event == record.event || event == family;
}

Result<WallTime> parse_since(std::string_view text, WallTime now) {
  if (const auto ago = parse_duration(text)) return now - *ago;
  if (const auto day = from_rfc3339(fmt::format("{}T00:00:00.000000Z", text))) return *day;
  auto precise = std::string{text};
  if (const bool whole_seconds = precise.size() == 20 && precise.back() == 'Z'; whole_seconds)
    precise.insert(19, ".000000");
  if (const auto time = from_rfc3339(precise)) return *time;
  return fail(
      "'{}' is neither a duration like 2h, a day like 2026-03-01 nor a time like 2026-03-01T10:20:30Z",
      escape_terminal(text));
}

Result<WallTime> parse_until(std::string_view text, WallTime now) {
  ASSIGN_OR_RETURN(const auto time, parse_since(text, now));
  constexpr std::string_view kDay = "2026-03-01";
  const bool is_day = text.size() == kDay.size() && text.find('-') == kDay.find('-');
  return is_day ? time + std::chrono::days{1} - std::chrono::microseconds{1} : time;
}

void Story::learn(const Record& record) {
  const auto grant = text_field(record, "grant"), session = text_field(record, "session");
  if (grant == name_ || session == name_) found_ = true;
  if (session == name_) is_session_ = true;
  if (grant == name_ && !session.empty()) sessions_.insert(session);
  if (session == name_ && !grant.empty()) grants_.insert(grant);
}

bool Story::holds(const Record& record) const {
  const auto grant = text_field(record, "grant"), session = text_field(record, "session");
  if (grant == name_ || session == name_) return true;
  if (is_session_) return session.empty() && grants_.count(grant) > 0;
  return sessions_.count(session) > 0;
}

bool Story::may_hold(std::string_view line) const {
  const auto names = [line](const std::string& name) { return line.find(name) != line.npos; };
  return names(name_) || std::any_of(grants_.begin(), grants_.end(), names) ||
         std::any_of(sessions_.begin(), sessions_.end(), names);
}

json to_json(const Record& record) {
  auto object = record.fields;
  object["seq"] = record.seq;
  object["time"] = to_rfc3339(record.time);
  object["event"] = record.event;
  object["prev"] = record.prev;
  object["hash"] = record.hash;
  return object;
}

std::string describe(const Record& record) {
  std::string out;
  const auto add = [&](const std::string& key, const json& value) {
    out += (out.empty() ? "" : " ") + member(key, value);
  };
  for (const auto* key : kFirst)
    if (const auto found = record.fields.find(key); found != record.fields.end()) add(key, *found);
  for (const auto& [key, value] : record.fields.items())
    if (std::find(kFirst.begin(), kFirst.end(), key) == kFirst.end()) add(key, value);
  return out;
}

}  // namespace sallyport
