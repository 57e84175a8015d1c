// Runs in: sallyport.
#include "gateway/review/grant_rows.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "gateway/audit/alarm.h"
#include "gateway/audit/segment.h"
#include "gateway/review/selection.h"
#include "gateway/review/values.h"

namespace sallyport {

namespace {

using Json = nlohmann::json;

// Families whose records say something to a row; session.file, of which there are most, is counted apart.
constexpr std::array<std::string_view, 6> kFamilies{"grant.",  "session.",  "recording.",
                                                    "target.", "firewall.", "login.failed"};
constexpr std::array<std::string_view, 3> kOthers{kCarriedEvent, "rep.secret_unusable", kAcknowledgedEvent};
// Of those families, what no row is made of.
constexpr std::array<std::string_view, 10> kSilent{
    "session.connected",    "session.joined",    "session.left",    "session.channel_closed",
    "session.file_changed", "session.paused",    "session.resumed", "session.watched",
    "firewall.opened",      "firewall.forwarded"};

bool is_one_of(std::string_view event, const auto& list) {
  return std::find(list.begin(), list.end(), event) != list.end();
}

bool says_something(const RecordView& view) {
  if (is_one_of(view.event, kOthers)) return true;
  const auto starts = [&](std::string_view family) { return view.event.starts_with(family); };
  if (std::none_of(kFamilies.begin(), kFamilies.end(), starts) || is_one_of(view.event, kSilent))
    return false;
  // A door that closed as it should, the usual case.
  return view.event != "firewall.closed" || view.line.find("\"left\":[]") == view.line.npos;
}

GrantRow row_of(const Json& fields, const std::string& enabled_at) {
  GrantRow row;
  row.grant = text_of(fields, "grant");
  row.rep = text_of(fields, "rep");
  row.target = text_of(fields, "target");
  row.admin = text_of(fields, "enabled_by");
  row.ticket = text_of(fields, "ticket");
  row.reason = text_of(fields, "reason");
  row.enabled_at = enabled_at;
  return row;
}

void take_totals(GrantRow& row, const Json& fields) {
  const auto& files = member(fields, "files");
  if (!files.is_array()) return;
  for (const auto& total : files) {
    auto& count = text_of(total, "direction") == "to-target" ? row.to_target : row.from_target;
    count = {number_of(total, "count"), number_of(total, "bytes")};
  }
}

void end(GrantRow& row, const char* state, const Record& record) {
  row.state = state;
  row.ended = to_rfc3339(record.time);
  row.ended_by = text_field(record, "by");
}

}  // namespace

std::string_view member_text(std::string_view line, std::string_view key) {
  const auto needle = fmt::format("\"{}\":\"", key);
  const auto at = line.find(needle);
  if (at == line.npos) return {};
  const auto text = line.substr(at + needle.size());
  return text.substr(0, text.find('"'));
}

bool RowFilter::knows(const GrantRow& row) const {
  const auto same = [](const std::string& wanted, const std::string& is) {
    return wanted.empty() || wanted == is;
  };
  return same(rep, row.rep) && same(target, row.target) && same(ticket, row.ticket) && same(admin, row.admin);
}

bool RowFilter::holds(const GrantRow& row) const {
  if (!knows(row)) return false;
  if (!name.empty() && name != row.grant && name != row.session) return false;
  if (!ended.empty() && row.end_reason.find(ended) == row.end_reason.npos) return false;
  if (only_with_files && !row.had_files()) return false;
  if (only_with_alarms && row.alarms.empty()) return false;
  if (only_with_session && row.session.empty()) return false;
  // From the enabling to the end: what lasted over all of the time asked for is in it too.
  if (!until.empty() && row.enabled_at > until) return false;
  return since.empty() || !row.is_over() || row.ended >= since;
}

Done GrantRows::see(const RecordView& view) {
  if (view.event == "session.file") return count_file(view), Done{};
  if (!says_something(view)) return {};
  ASSIGN_OR_RETURN(const auto record, take_apart(view.line));
  take(record);
  return {};
}

std::vector<const GrantRow*> GrantRows::wanted() const {
  std::vector<const GrantRow*> found;
  for (const auto& grant : order_)
    if (const auto& row = rows_.find(grant)->second; filter_.holds(row)) found.push_back(&row);
  return found;
}

// The row that a line names, by its grant or its session.
GrantRow* GrantRows::find(std::string_view line) {
  auto grant = member_text(line, "grant");
  if (grant.empty())
    if (const auto known = grant_of_.find(member_text(line, "session")); known != grant_of_.end())
      grant = known->second;
  const auto found = rows_.find(grant);
  return found == rows_.end() ? nullptr : &found->second;
}

// Without taking it apart: what a session's end says of its files stands in its place later, but a session
// that the gate's own end cut off has no such sum.
void GrantRows::count_file(const RecordView& view) {
  auto* const row = find(view.line);
  if (row == nullptr) return;
  auto& count = member_text(view.line, "direction") == "to-target" ? row->to_target : row->from_target;
  ++count.count;
  constexpr std::string_view kSize = "\"size\":";
  const auto size = view.line.find(kSize);
  std::uint64_t bytes = 0;
  if (size != view.line.npos)
    std::from_chars(view.line.data() + size + kSize.size(), view.line.data() + view.line.size(), bytes);
  count.bytes += bytes;
}

bool GrantRows::in_time(const Record& record) const {
  const auto time = to_rfc3339(record.time);
  return (filter_.since.empty() || time >= filter_.since) && (filter_.until.empty() || time <= filter_.until);
}

void GrantRows::take(const Record& record) {
  if (record.event == "grant.enabled") return enabled(record);
  if (record.event == kCarriedEvent) return carried(record);
  auto grant = text_field(record, "grant");
  if (grant.empty())
    if (const auto known = grant_of_.find(text_field(record, "session")); known != grant_of_.end())
      grant = known->second;
  const auto found = rows_.find(grant);
  if (found != rows_.end()) take_grant(found->second, record);
  const auto alarm = alarm_in(record.event, record.fields);
  if (alarm.empty()) return;
  const Alarm told{to_rfc3339(record.time), alarm};
  if (found != rows_.end()) found->second.alarms.push_back(told);
  if (grant.empty() && in_time(record)) other_alarms_.push_back(told);
}

void GrantRows::take_grant(GrantRow& row, const Record& record) {
  const auto& event = record.event;
  if (event == "login.failed") ++row.failed_logins;
  if (event == "session.file") {
    auto& count = text_field(record, "direction") == "to-target" ? row.to_target : row.from_target;
    ++count.count;
    count.bytes += number_of(record.fields, "size");
  }
  if (event == "session.file_refused") ++row.refused_files;
  if (event == "grant.unlocked") row.state = "armed";
  if (event == "grant.locked") end(row, "locked", record), row.end_reason = "too many failed logins";
  if (event == "grant.expired") end(row, "expired", record), row.end_reason = "nobody came in time";
  if (event == "grant.claimed") {
    row.state = "active";
    row.session = text_field(record, "session");
    row.peer = text_field(record, "peer");
    row.began = to_rfc3339(record.time);
    link(row);
  }
  if (event == "grant.released") row.state = "armed";
  if (event == "grant.revoked") {
    const bool running = row.state == "active";
    end(row, "revoked", record);
    if (!running) row.end_reason = text_field(record, "reason");
  }
  if (event == "session.ended") {
    end(row, row.state == "revoked" ? "revoked" : "spent", record);
    row.end_reason = text_field(record, "reason");
    take_totals(row, record.fields);
  }
  if (event == "session.channel" && record.fields.contains("recording"))
    row.recordings.push_back({number_of(record.fields, "channel"), text_field(record, "recording")});
}

void GrantRows::enabled(const Record& record) { add(row_of(record.fields, to_rfc3339(record.time))); }

// What a segment carries of a grant from before the walk began. One that is known is known better.
void GrantRows::carried(const Record& record) {
  const auto& live = member(record.fields, "live");
  if (!live.is_object()) return;
  auto row = row_of(member(live, "enabled"), text_of(live, "enabled_at"));
  if (rows_.contains(row.grant)) return;
  row.state = text_of(live, "state");
  row.session = text_of(live, "session");
  row.peer = text_of(live, "peer");
  row.began = text_of(live, "claimed_at");
  row.ended = text_of(live, "ended_at");
  row.end_reason = text_of(live, "end_reason");
  if (const auto& failed = member(live, "failed_logins"); failed.is_array())
    for (const auto& source : failed) row.failed_logins += number_of(source, "failures");
  take_totals(row, live);
  if (const auto* const added = add(std::move(row)); added != nullptr) link(*added);
}

GrantRow* GrantRows::add(GrantRow row) {
  if (row.grant.empty() || !filter_.knows(row)) return nullptr;
  order_.push_back(row.grant);
  return &rows_.insert_or_assign(order_.back(), std::move(row)).first->second;
}

void GrantRows::link(const GrantRow& row) {
  if (!row.session.empty()) grant_of_[row.session] = row.grant;
}

}  // namespace sallyport
