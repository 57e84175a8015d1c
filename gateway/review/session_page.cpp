// Runs in: sallyport.
#include "gateway/review/session_page.h"

#include <algorithm>

#include "embedded.h"
#include "gateway/review/html.h"
#include "gateway/review/record_sentence.h"
#include "gateway/review/selection.h"
#include "gateway/review/terminal_lines.h"
#include "gateway/review/values.h"

namespace sallyport {

namespace {

using Json = nlohmann::json;
using Rows = std::vector<std::vector<std::string>>;

std::vector<const Record*> of_events(const SessionStory& story,
                                     std::initializer_list<std::string_view> events) {
  std::vector<const Record*> found;
  for (const auto& record : story.records)
    if (std::find(events.begin(), events.end(), record.event) != events.end()) found.push_back(&record);
  return found;
}

Json as_list(const std::vector<const Record*>& records) {
  auto list = Json::array();
  for (const auto* record : records) {
    auto one = record->fields;
    one["time"] = to_rfc3339(record->time);
    one["event"] = record->event;
    list.push_back(std::move(one));
  }
  return list;
}

std::string time_of(const Record& record) { return time_text(to_rfc3339(record.time)); }

std::string field_text(const Json& fields, const char* key) {
  const auto& value = member(fields, key);
  if (value.is_null()) return {};
  if (value.is_string()) return value.get<std::string>();
  if (value.is_array() &&
      std::all_of(value.begin(), value.end(), [](const Json& each) { return each.is_string(); }))
    return join(texts_of(fields, key));
  return json_text(value);
}

std::vector<const Record*> logins(const SessionStory& story) {
  return of_events(story,
                   {"login.failed", "login.accepted", "grant.claimed", "session.connected", "session.joined",
                    "session.left", "target.failed", "grant.released", "grant.barred", "grant.locked"});
}
std::vector<const Record*> openings(const SessionStory& story) {
  return of_events(story, {"firewall.opened", "firewall.forwarded", "firewall.closed", "firewall.changed"});
}
std::vector<const Record*> files(const SessionStory& story) {
  return of_events(story, {"session.file", "session.file_changed", "session.file_refused",
                           "session.files_unaccounted", "session.files_unlisted"});
}
std::vector<const Record*> channels(const SessionStory& story) {
  return of_events(story, {"session.channel", "session.channel_closed"});
}

Json traffic_of(const SessionStory& story) {
  const auto ends = of_events(story, {"session.ended"});
  return ends.empty() ? Json{} : member(ends.back()->fields, "traffic");
}

std::string facts_of(const SessionStory& story) {
  const auto& row = story.row;
  const auto enabled = of_events(story, {"grant.enabled"});
  const auto grant = enabled.empty() ? Json::object() : enabled.front()->fields;
  const auto ends = of_events(story, {"session.ended"});
  const auto end = ends.empty() ? Json::object() : ends.back()->fields;
  std::string services;
  for (const auto& service : member(grant, "services"))
    services += fmt::format("{}{} ({}, port {})", services.empty() ? "" : ", ", text_of(service, "name"),
                            text_of(service, "carriage"), number_of(service, "port"));
  return html_facts({{"Session", row.session},
                     {"Grant", row.grant},
                     {"Representative", row.rep},
                     {"Target", row.target},
                     {"Managed system", text_of(grant, "managed_system")},
                     {"Enabled by", row.admin},
                     {"Enabled at", time_text(row.enabled_at)},
                     {"Ticket", row.ticket},
                     {"Reason", row.reason},
                     {"Policy", text_of(grant, "policy")},
                     {"Services", services},
                     {"From networks", field_text(grant, "networks")},
                     {"Let in from", row.peer},
                     {"Began", time_text(row.began)},
                     {"Ended", time_text(row.ended)},
                     {"Why it ended", row.end_reason},
                     {"Ended by", row.ended_by},
                     {"Bytes to the target", field_text(end, "to_target")},
                     {"Bytes from the target", field_text(end, "from_target")}});
}

std::string section(const char* title, const std::vector<std::string>& headings, const Rows& rows) {
  if (rows.empty()) return {};
  return fmt::format("<h2>{}</h2>\n", title) + html_table(headings, rows);
}

// In the words of `sallyport watch`; what each record holds stands at the page's end.
Rows told(const std::vector<const Record*>& records) {
  Rows rows;
  for (const auto* record : records) {
    auto fields = record->fields;
    fields["event"] = record->event;
    const auto sentence = record_sentence(fields);
    rows.push_back({time_of(*record), sentence ? sentence->text : describe(*record)});
  }
  return rows;
}

// describe() has made its text safe for a terminal already; escaping it again doubles its backslashes, no
// more.
Rows as_they_are(const std::vector<const Record*>& records) {
  Rows rows;
  for (const auto* record : records) rows.push_back({time_of(*record), record->event, describe(*record)});
  return rows;
}

std::string firewall_part(const SessionStory& story) {
  Rows rows;
  for (const auto* record : openings(story)) {
    const auto left = texts_of(record->fields, "left");
    const bool closed = record->event == "firewall.closed";
    rows.push_back({time_of(*record), record->event,
                    closed ? (left.empty() ? "read back from the kernel: nothing is left open"
                                           : "LEFT OPEN: " + join(left))
                           : field_text(record->fields, "open")});
  }
  Rows counted;
  if (const auto traffic = traffic_of(story); traffic.is_array())
    for (const auto& service : traffic)
      counted.push_back({text_of(service, "service"), text_of(service, "transport"),
                         field_text(service, "in_packets"), field_text(service, "in_bytes"),
                         field_text(service, "out_packets"), field_text(service, "out_bytes")});
  return section("What was open", {"TIME", "EVENT", "IN THE KERNEL"}, rows) +
         section("What the kernel counted",
                 {"SERVICE", "TRANSPORT", "PACKETS IN", "BYTES IN", "PACKETS OUT", "BYTES OUT"}, counted);
}

std::string file_part(const SessionStory& story) {
  Rows rows;
  for (const auto* record : files(story)) {
    const auto& fields = record->fields;
    const bool moved = record->event == "session.file";
    const auto hash = text_of(fields, "sha256");
    rows.push_back(
        {time_of(*record), moved ? text_of(fields, "direction") : record->event,
         field_text(fields, "path") + (fields.contains("other") ? " → " + text_of(fields, "other") : ""),
         field_text(fields, "size"),
         !moved         ? text_of(fields, "what") + text_of(fields, "reason")
         : hash.empty() ? text_of(fields, "no_sha256")
                        : hash,
         moved && member(fields, "complete") != true ? "not complete" : ""});
  }
  return section("Files", {"TIME", "WHAT", "PATH", "BYTES", "SHA-256", ""}, rows);
}

std::string events_for_script(const Cast& cast) {
  auto events = Json::array();
  for (const auto& event : cast.events)
    if (event.kind == 'o' || event.kind == 'r')
      events.push_back({event.at.count() / 1000, std::string(1, event.kind), event.data});
  return json_for_html({{"columns", cast.columns}, {"rows", cast.rows}, {"events", std::move(events)}});
}

std::string lines_of(const Cast& cast) {
  std::string out;
  TerminalLines lines{[&](const SeenLine& line) {
    out += fmt::format("<div data-at=\"{}\"><time>{}</time>{}</div>\n", line.at.count() / 1000,
                       place_text(line.at), html(line.text));
  }};
  for (const auto& event : cast.events) lines.take(event);
  lines.finish();
  return out;
}

// By which rules parts of it are hidden.
std::string masks_of(const SessionStory& story, const ShownRecording& recording) {
  for (const auto* record : channels(story)) {
    const auto rules = texts_of(record->fields, "masked_after");
    if (number_of(record->fields, "channel") == recording.channel && !rules.empty())
      return fmt::format("<p class=\"faint\">Not recorded is what stood in a line after: {}</p>\n",
                         html(join(rules)));
  }
  return {};
}

std::string recording_part(const SessionStory& story, const ShownRecording& recording) {
  auto out = fmt::format("<h2>Channel {}</h2>\n<p class=\"faint\">{}, {} bytes, SHA-256 {}</p>\n",
                         recording.channel, html(recording.path), recording.size, html(recording.sha256));
  out += masks_of(story, recording);
  // The last line may be cut where the page's share of it ends.
  const auto cast = parse_cast(recording.text);
  if (!cast)
    return out + "<p class=\"bad\">It is not an asciicast: " + html(cast.error().message()) + "</p>\n";
  if (recording.text.size() < recording.size)
    out += fmt::format("<p class=\"bad\">Only the first {} bytes of it are on this page.</p>\n",
                       recording.text.size());
  out += fmt::format("<div class=\"player\"><script type=\"application/json\">{}</script></div>\n",
                     events_for_script(*cast));
  return out + "<div class=\"text\"><div class=\"lines\">\n" + lines_of(*cast) + "</div></div>\n";
}

std::string alarm_part(const SessionStory& story) {
  std::string out;
  for (const auto& alarm : story.row.alarms)
    out += fmt::format("<p class=\"bad\">{}: {}</p>\n", html(time_text(alarm.time)), html(alarm.text));
  return out;
}

}  // namespace

std::string page_mark(const std::string& version) { return "<!-- made by sallyport " + version + " -->\n"; }

Json session_facts(const SessionStory& story) {
  Json out{{"name", story.name},
           {"made_by", story.version},
           {"journal", story.signer},
           {"head", story.head_size},
           {"records", story.records.size()},
           {"grant", to_json(story.row)},
           {"login", as_list(logins(story))},
           {"firewall", as_list(openings(story))},
           {"channels", as_list(channels(story))},
           {"files", as_list(files(story))},
           {"recordings", Json::array()}};
  if (auto traffic = traffic_of(story); !traffic.is_null()) out["traffic"] = std::move(traffic);
  for (const auto& recording : story.recordings)
    out["recordings"].push_back({{"channel", recording.channel},
                                 {"path", recording.path},
                                 {"size", recording.size},
                                 {"sha256", recording.sha256}});
  return out;
}

std::string session_page(const SessionStory& story) {
  std::string body = page_mark(story.version);
  body += "<h1>" + html("Session " + (story.row.session.empty() ? story.row.grant : story.row.session)) +
          "</h1>\n";
  body += alarm_part(story) + facts_of(story);
  body += section("Logging in", {"TIME", "WHAT"}, told(logins(story)));
  body += firewall_part(story) + file_part(story);
  for (const auto& recording : story.recordings) body += recording_part(story, recording);
  body += section("All records", {"TIME", "EVENT", "WHAT"}, as_they_are([&] {
                    std::vector<const Record*> all;
                    for (const auto& record : story.records) all.push_back(&record);
                    return all;
                  }()));
  body += fmt::format(
      "<p class=\"faint\">{} records, each proved to be in the journal {} as it was signed with {} records. "
      "This page "
      "proves nothing by itself: sallyport audit verify-bundle FILE does.</p>\n",
      story.records.size(), html(story.signer), story.head_size);
  return html_page({"Sallyport: " + story.name, report_css, replay_js, body});
}

}  // namespace sallyport
