// Runs in: sallyport.
#include "gateway/review/month_report.h"

#include <algorithm>

#include "base/escape.h"
#include "embedded.h"
#include "gateway/review/html.h"
#include "gateway/review/selection.h"
#include "gateway/review/values.h"

namespace sallyport {

namespace {

using Json = nlohmann::json;
using Count = std::map<std::string, std::uint64_t>;
using Rows = std::vector<std::vector<std::string>>;

constexpr std::size_t kMostSources = 1000;  // strangers choose how many there are

RowFilter of_month(const Month& month) {
  RowFilter filter;
  filter.since = month.first;
  filter.until = month.last;
  return filter;
}

// An address without its port.
std::string source_of(const std::string& peer) { return peer.substr(0, peer.rfind(':')); }

void count(Count& counts, const std::string& name) {
  const auto& key = counts.contains(name) || counts.size() < kMostSources ? name : std::string{"others"};
  ++counts[key];
}

// Most often first.
std::vector<std::pair<std::string, std::uint64_t>> ranked(const Count& counts) {
  std::vector<std::pair<std::string, std::uint64_t>> list{counts.begin(), counts.end()};
  std::stable_sort(list.begin(), list.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  return list;
}

Rows count_rows(const Count& counts) {
  Rows rows;
  for (const auto& [name, number] : ranked(counts)) rows.push_back({name, std::to_string(number)});
  return rows;
}

Json count_json(const Count& counts) {
  auto list = Json::array();
  for (const auto& [name, number] : ranked(counts)) list.push_back({{"name", name}, {"count", number}});
  return list;
}

std::string file_text(const FileCount& files) {
  return files.count == 0 ? std::string{} : fmt::format("{}, {}", files.count, size_text(files.bytes));
}

Count by(const std::vector<const GrantRow*>& rows, std::string GrantRow::*member) {
  Count counts;
  for (const auto* row : rows) count(counts, row->*member);
  return counts;
}

}  // namespace

Result<Month> Month::parse(const std::string& text) {
  const auto first = from_rfc3339(text + "-01T00:00:00.000000Z");
  if (text.size() != std::string_view{"2026-11"}.size() || !first)
    return fail("'{}' is no month like 2026-11", escape_terminal(text));
  const std::chrono::year_month_day day{std::chrono::floor<std::chrono::days>(*first)};
  const auto next = std::chrono::sys_days{day + std::chrono::months{1}};
  return Month{text, to_rfc3339(*first), to_rfc3339(WallTime{next} - std::chrono::microseconds{1})};
}

MonthReport::MonthReport(Month month) : month_(std::move(month)), rows_(of_month(month_)) {}

Done MonthReport::see(const RecordView& view) {
  RETURN_IF_ERROR(rows_.see(view));
  if (view.time < month_.first || view.time > month_.last) return {};
  if (view.event == "recording.read") ++readings_;
  if (view.event != "login.failed") return {};
  ASSIGN_OR_RETURN(const auto record, take_apart(view.line));
  ++refused_logins_;
  count(refused_by_source_, source_of(text_field(record, "peer")));
  const auto rep = text_field(record, "rep");
  count(refused_by_rep_, rep.empty() ? "(no known rep)" : rep);
  return {};
}

std::vector<const GrantRow*> MonthReport::sessions() const {
  auto rows = rows_.wanted();
  std::erase_if(rows, [&](const GrantRow* row) {
    return row->session.empty() || row->began > month_.last || (row->is_over() && row->ended < month_.first);
  });
  return rows;
}

std::vector<MonthReport::Alarmed> MonthReport::alarms() const {
  std::vector<Alarmed> found;
  for (const auto& alarm : rows_.other_alarms()) found.push_back({alarm.time, {}, alarm.text});
  for (const auto* row : rows_.wanted())
    for (const auto& alarm : row->alarms)
      if (alarm.time >= month_.first && alarm.time <= month_.last)
        found.push_back({alarm.time, row->session.empty() ? row->grant : row->session, alarm.text});
  std::stable_sort(found.begin(), found.end(),
                   [](const Alarmed& a, const Alarmed& b) { return a.time < b.time; });
  return found;
}

std::string MonthReport::state_text() const {
  if (!state_.looked) return "not verified for this report";
  if (!state_.whole) return fmt::format("NOT WHOLE: {} problems", state_.problems.size());
  return fmt::format("whole: {} records, {} recordings, {} signed heads", state_.records, state_.recordings,
                     state_.heads);
}

std::vector<std::pair<std::string, std::string>> MonthReport::facts() const {
  const auto rows = rows_.wanted();
  const auto in = sessions();
  std::uint64_t locked = 0;
  FileCount to, from;
  for (const auto* row : rows) locked += row->state == "locked" ? 1 : 0;
  for (const auto* row : in) {
    to.count += row->to_target.count, to.bytes += row->to_target.bytes;
    from.count += row->from_target.count, from.bytes += row->from_target.bytes;
  }
  return {{"Month (UTC)", month_.name},
          {"Grants", std::to_string(rows.size())},
          {"Sessions", std::to_string(in.size())},
          {"Refused logins", std::to_string(refused_logins_)},
          {"Grants locked now", std::to_string(locked)},
          {"Alarms", std::to_string(alarms().size())},
          {"Files to targets", file_text(to)},
          {"Files from targets", file_text(from)},
          {"Recordings read", std::to_string(readings_)},
          {"Records", state_text()}};
}

std::vector<MonthReport::Section> MonthReport::sections() const {
  const auto in = sessions();
  std::vector<Section> list;
  Section problems{"What is wrong with the records", {"PROBLEM"}, {}};
  for (const auto& problem : state_.problems) problems.rows.push_back({problem});
  Section alarmed{"Alarms", {"TIME", "OF", "ALARM"}, {}};
  for (const auto& alarm : alarms()) alarmed.rows.push_back({time_text(alarm.time), alarm.who, alarm.text});
  Section told{
      "Sessions",
      {"BEGAN", "SESSION", "REP", "TARGET", "ENABLED BY", "TICKET", "END", "FILES IN", "FILES OUT", "ALARMS"},
      {}};
  for (const auto* row : in)
    told.rows.push_back({time_text(row->began), row->session, row->rep, row->target, row->admin, row->ticket,
                         row->end_reason.empty() ? row->state : row->end_reason, file_text(row->to_target),
                         file_text(row->from_target),
                         row->alarms.empty() ? "" : std::to_string(row->alarms.size())});
  Section unused{
      "Grants that nobody used", {"ENABLED", "GRANT", "REP", "TARGET", "ENABLED BY", "STATE", "REASON"}, {}};
  for (const auto* row : rows_.wanted())
    if (row->session.empty())
      unused.rows.push_back({time_text(row->enabled_at), row->grant, row->rep, row->target, row->admin,
                             row->state, row->end_reason});
  list = {std::move(problems),
          std::move(alarmed),
          std::move(told),
          {"Sessions by rep", {"REP", "SESSIONS"}, count_rows(by(in, &GrantRow::rep))},
          {"Sessions by target", {"TARGET", "SESSIONS"}, count_rows(by(in, &GrantRow::target))},
          {"Sessions by who enabled them", {"ENABLED BY", "SESSIONS"}, count_rows(by(in, &GrantRow::admin))},
          std::move(unused),
          {"Refused logins by rep", {"REP", "REFUSED"}, count_rows(refused_by_rep_)},
          {"Refused logins by source", {"SOURCE", "REFUSED"}, count_rows(refused_by_source_)}};
  std::erase_if(list, [](const Section& section) { return section.rows.empty(); });
  return list;
}

Json MonthReport::json() const {
  const auto in = sessions();
  Json out{{"month", month_.name},
           {"refused_logins", refused_logins_},
           {"refused_by_rep", count_json(refused_by_rep_)},
           {"refused_by_source", count_json(refused_by_source_)},
           {"recordings_read", readings_},
           {"sessions_by_rep", count_json(by(in, &GrantRow::rep))},
           {"sessions_by_target", count_json(by(in, &GrantRow::target))},
           {"sessions_by_admin", count_json(by(in, &GrantRow::admin))},
           {"sessions", in.size()},
           {"grants", Json::array()},
           {"alarms", Json::array()}};
  for (const auto* row : rows_.wanted()) out["grants"].push_back(to_json(*row));
  for (const auto& alarm : alarms())
    out["alarms"].push_back({{"time", alarm.time}, {"of", alarm.who}, {"text", alarm.text}});
  out["records"] = {{"verified", state_.looked}};
  if (state_.looked)
    out["records"].update({{"whole", state_.whole},
                           {"records", state_.records},
                           {"recordings", state_.recordings},
                           {"heads", state_.heads},
                           {"problems", state_.problems}});
  return out;
}

std::string MonthReport::html() const {
  std::string body =
      "<h1>Service sessions in " + sallyport::html(month_.name) + "</h1>\n" + html_facts(facts());
  for (const auto& section : sections())
    body += "<h2>" + sallyport::html(section.title) + "</h2>\n" + html_table(section.headings, section.rows);
  return html_page({"Sallyport: service sessions in " + month_.name, report_css, {}, body});
}

}  // namespace sallyport
