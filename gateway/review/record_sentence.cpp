// Runs in: sallyport.
#include "gateway/review/record_sentence.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "gateway/review/values.h"

namespace sallyport {

namespace {

using Json = nlohmann::json;

struct Sentence {
  std::string_view event;
  // {field} is a field's value; a part in [brackets] is left out when one of its fields is absent or empty.
  std::string_view text;
  Tone tone = Tone::none;
};
constexpr std::array kSentences{
    Sentence{"gateway.started", "the gate has started[, version {version}]"},
    Sentence{"gateway.stopped", "the gate has stopped[: {reason}]", Tone::warning},
    Sentence{"grant.enabled",
             "[{enabled_by} ]enabled {rep} to {target}[ from {networks}][ until {connect_by}][, ticket "
             "{ticket}][: {reason}]"},
    Sentence{"grant.claimed",
             "[{rep} ]has logged in[ from {peer}][ to {target}], session {session}[ until {end_by}]",
             Tone::good},
    Sentence{"grant.released", "the target was not reached, the grant is armed again[: {reason}]",
             Tone::warning},
    Sentence{"grant.expired", "expired unused", Tone::faint},
    Sentence{"grant.locked", "locked[ after {failures} failed logins]", Tone::bad},
    Sentence{"grant.barred", "closed to {source} after {failures} failed logins from there", Tone::warning},
    Sentence{"grant.unlocked", "unlocked[ by {by}][: {reason}]"},
    Sentence{"grant.revoked", "revoked[ by {by}][: {reason}]", Tone::warning},
    Sentence{"login.accepted",
             "login accepted[ for {rep}][ from {peer}][, key {key}][, certified by {authority}]", Tone::good},
    Sentence{"login.failed", "login failed[ for {rep}][ from {peer}]", Tone::warning},
    Sentence{"session.connected", "connected to the target[ at {target_address}]", Tone::good},
    Sentence{"session.channel",
             "channel {channel} opens[: {kind}][ {command}][, not recorded after: {masked_after}]"},
    Sentence{"session.channel_closed",
             "channel {channel} closes[, exit status {exit_status}][, {to_target} bytes to the target][, "
             "{from_target} from it]"},
    Sentence{"session.paused", "session {session} is paused[ by {by}][: {reason}]", Tone::warning},
    Sentence{"session.resumed", "session {session} goes on[, by {by}][: {reason}]"},
    Sentence{"session.watched", "[{by} ]watches session {session}[, channel {channel}]"},
    Sentence{"session.file",
             "{direction}: {path}[ (as {name})], {size} bytes, {kind}[, sha256 {sha256}][, no hash: "
             "{no_sha256}][, "
             "{incomplete}]"},
    Sentence{"session.file_changed", "at the target: {path}: {what}[ {other}][, {detail}]"},
    Sentence{"session.file_refused", "refused[ {path}]: {reason}", Tone::warning},
    Sentence{"session.files_unaccounted", "channel {channel} cannot be told apart into files: {reason}",
             Tone::bad},
    Sentence{"session.files_unlisted",
             "MORE FILES than the journal lists of one session: from here on they are "
             "only counted",
             Tone::bad},
    Sentence{"session.ended",
             "session {session} has ended[: {reason}][, by {by}][; {traffic}][; files: {files}]",
             Tone::warning},
    Sentence{"traffic", "{traffic}", Tone::faint},
    Sentence{"target.failed", "the target failed[: {reason}]", Tone::bad},
    Sentence{"recording.closed", "recording closed[: {path}][, {size} bytes][: {alarm}]"},
    Sentence{"firewall.opened", "the kernel now holds open[: {open}]"},
    Sentence{"firewall.forwarded", "the kernel now routes for session {session}[: {open}]"},
    Sentence{"firewall.closed", "the kernel closed[, but left {left}]"},
    Sentence{"firewall.changed",
             "SOMEBODY ELSE changed the firewall[, {process} (process {pid})][: {what}][; found: {found}]",
             Tone::bad},
    Sentence{"firewall.repaired",
             "the firewall is again as it should be[, after {process} (process {pid})][: {what}]",
             Tone::warning},
    Sentence{"config.refused", "files refused, those in force stay: {problems}", Tone::bad},
    Sentence{"config.reloaded", "files read again"},
    Sentence{"rep.added", "rep {rep} added[ by {by}]"},
    Sentence{"rep.removed", "rep {rep} removed[ by {by}]"},
    Sentence{"rep.enrolled", "rep {rep} enrolled[: {keys}][, authority {authorities}][ by {by}]"},
    Sentence{"rep.secret_unusable", "the enrolled secret of rep {rep} cannot be used: {problem}", Tone::bad},
    Sentence{"session.joined", "session {session}: joined by {door} from {peer}"},
    Sentence{"session.logoff", "session {session}: logging off {count} REST sessions at the target"},
    Sentence{"session.logged_off",
             "session {session}: logged off {ended} REST sessions at the target, {failed} failed"},
    Sentence{"session.left", "session {session}: left by {door}: {reason}"},
    Sentence{"https.certificate_made", "a certificate for the HTTPS door was made: {certificate}"},
    Sentence{"secrets.sealed", "stored secrets encrypted: {secrets}"},
    Sentence{"rep.unenrolled",
             "rep {rep} no longer signs with[ {keys}][ authority {authorities}][, by {by}]"},
    Sentence{"rep.suspended", "rep {rep} suspended[ by {by}][: {reason}]", Tone::warning},
    Sentence{"rep.resumed", "rep {rep} may come again[, by {by}][: {reason}]"},
    Sentence{"target.added", "target {target} added[ by {by}]"},
    Sentence{"target.pinned", "target {target} has a new pinned key[, {fingerprints}][ by {by}]",
             Tone::warning},
    Sentence{"target.scanned", "the host key of {target} was looked at[ by {by}]"},
    Sentence{"target.https_pinned", "target {target} has a new pinned certificate[, {pins}][ by {by}]",
             Tone::warning},
    Sentence{"target.https_scanned", "the certificate of {target} was looked at[ by {by}]"},
    Sentence{"journal.recovered", "the journal's torn last line was cut off", Tone::warning},
};

// "ssh 14.6 KiB in, 30.5 KiB out; https 11.1 KiB in, 199.8 KiB out"
std::string traffic_text(const Json& services) {
  std::string text;
  for (const auto& row : services)
    text += fmt::format("{}{} {} in, {} out", text.empty() ? "" : "; ", text_of(row, "service"),
                        size_text(number_of(row, "in_bytes")), size_text(number_of(row, "out_bytes")));
  return text;
}

std::string field_text(const Json& record, const std::string& key) {
  if (key == "traffic") return traffic_text(member(record, "traffic"));
  if (key == "files") return file_totals_text(member(record, "files"));
  if (key == "incomplete") return member(record, "complete") == false ? "not complete" : "";
  const auto text = field_value_text(member(record, key.c_str()));
  return key.ends_with("_by") ? time_text(text) : text;
}

// Fills in `{field}`s; `complete` becomes false when one is empty.
std::string fill(std::string_view text, const Json& record, bool& complete) {
  std::string out;
  while (!text.empty()) {
    const auto open = std::min(text.find('{'), text.size());
    out += text.substr(0, open);
    text.remove_prefix(open);
    if (text.empty()) break;
    const auto close = text.find('}');
    const auto value = field_text(record, std::string{text.substr(1, close - 1)});
    complete = complete && !value.empty();
    out += value;
    text.remove_prefix(close + 1);
  }
  return out;
}

std::string sentence_text(std::string_view text, const Json& record) {
  std::string out;
  while (!text.empty()) {
    const bool optional = text.front() == '[';
    const auto end = optional ? text.find(']') : std::min(text.find('['), text.size());
    bool complete = true;
    const auto part = fill(text.substr(optional ? 1 : 0, end - (optional ? 1 : 0)), record, complete);
    if (complete || !optional) out += part;
    text.remove_prefix(optional ? end + 1 : end);
  }
  return out;
}

}  // namespace

std::string field_value_text(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_null()) return {};
  if (!value.is_array()) return json_text(value);
  std::string text;
  for (const auto& item : value) text += (text.empty() ? "" : ", ") + field_value_text(item);
  return text;
}

std::string file_totals_text(const Json& totals) {
  std::string text;
  for (const auto& total : totals)
    text += fmt::format("{}{} {}, {}", text.empty() ? "" : "; ", number_of(total, "count"),
                        text_of(total, "direction") == "to-target" ? "to the target" : "from the target",
                        size_text(number_of(total, "bytes")));
  return text;
}

std::optional<RecordSentence> record_sentence(const Json& record) {
  const auto event = text_of(record, "event");
  const auto known =
      std::find_if(kSentences.begin(), kSentences.end(), [&](const Sentence& s) { return s.event == event; });
  if (known == kSentences.end()) return std::nullopt;
  return RecordSentence{sentence_text(known->text, record), known->tone};
}

}  // namespace sallyport
