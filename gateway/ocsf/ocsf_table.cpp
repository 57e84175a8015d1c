// Runs in: sallyport, sallyport-send.
#include "gateway/ocsf/ocsf_table.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "gateway/audit/alarm.h"
#include "gateway/audit/members.h"

namespace sallyport {

namespace {

using enum OcsfClass;
using enum OcsfSeverity;
using enum OcsfStatus;

struct Row {
  std::string_view event;
  OcsfClass of;
  std::uint8_t activity;
  const char* name;
  OcsfSeverity severity = informational;
  OcsfStatus status = success;
};

constexpr std::uint8_t kOther = 99;

constexpr std::array kRows{
    Row{"gateway.started", application_lifecycle, 3, "Start"},
    Row{"gateway.stopped", application_lifecycle, 4, "Stop"},
    Row{"journal.recovered", application_lifecycle, kOther, "Recover", low},
    Row{"journal.segment", application_lifecycle, kOther, "Begin Segment"},
    Row{"journal.carried", application_lifecycle, kOther, "Carry Over"},
    Row{"journal.segment_deleted", file_activity, 4, "Delete"},
    Row{"journal.key_made", application_lifecycle, 8, "Update", low},
    Row{"journal.broken", detection_finding, 1, "Create", critical},  // no record: sallyport-send says it
    Row{"journal.damage_acknowledged", detection_finding, 1, "Create", critical},
    Row{"https.certificate_made", application_lifecycle, 8, "Update"},
    Row{"secrets.sealed", application_lifecycle, 8, "Update"},
    Row{"config.reloaded", application_lifecycle, 8, "Update"},
    Row{"config.refused", application_lifecycle, 8, "Update", low, failure},

    Row{"grant.enabled", entity_management, 1, "Create"},
    Row{"grant.claimed", entity_management, 10, "Activate"},
    Row{"grant.released", entity_management, 11, "Deactivate", low},
    Row{"grant.expired", entity_management, 9, "Disable"},
    Row{"grant.barred", detection_finding, 1, "Create", medium},
    Row{"grant.locked", detection_finding, 1, "Create", high},
    Row{"grant.unlocked", entity_management, 8, "Enable", low},
    Row{"grant.revoked", entity_management, 9, "Disable"},

    Row{"login.accepted", authentication, 1, "Logon"},
    Row{"login.failed", authentication, 1, "Logon", low, failure},

    Row{"session.connected", network_activity, 1, "Open"},
    Row{"session.joined", network_activity, 1, "Open"},
    Row{"session.left", network_activity, 2, "Close"},
    Row{"session.logoff", entity_management, kOther, "Log Off"},
    Row{"session.logged_off", entity_management, kOther, "Logged Off"},
    Row{"session.channel", network_activity, 1, "Open"},
    Row{"session.channel_closed", network_activity, 2, "Close"},
    Row{"session.file", file_activity, 2, "Read"},
    Row{"session.file_changed", file_activity, kOther, "Other"},
    Row{"session.file_refused", file_activity, kOther, "Refuse", medium, failure},
    Row{"session.files_unaccounted", detection_finding, 1, "Create", medium},
    Row{"session.files_unlisted", detection_finding, 1, "Create", medium},
    Row{"session.paused", entity_management, 12, "Suspend"},
    Row{"session.resumed", entity_management, 13, "Resume"},
    Row{"session.watched", entity_management, 2, "Read"},
    Row{"session.ended", network_activity, 2, "Close"},
    Row{"target.failed", network_activity, 4, "Fail", low, failure},

    Row{"recording.read", file_activity, 2, "Read"},
    Row{"recording.closed", file_activity, 1, "Create"},
    Row{"recording.deleted", file_activity, 4, "Delete"},

    Row{"firewall.opened", network_activity, 7, "Listen"},
    Row{"firewall.forwarded", network_activity, 7, "Listen"},
    Row{"firewall.closed", network_activity, 2, "Close"},
    Row{"firewall.changed", detection_finding, 1, "Create", high},
    Row{"firewall.repaired", application_lifecycle, kOther, "Repair", low},

    Row{"rep.added", account_change, 1, "Create"},
    Row{"rep.removed", account_change, 6, "Delete"},
    Row{"rep.enrolled", account_change, 10, "MFA Factor Enable"},
    Row{"rep.unenrolled", account_change, 11, "MFA Factor Disable"},
    Row{"rep.suspended", account_change, 5, "Disable"},
    Row{"rep.resumed", account_change, 2, "Enable"},
    Row{"rep.secret_unusable", detection_finding, 1, "Create", medium},

    Row{"target.added", entity_management, 1, "Create"},
    Row{"target.pinned", entity_management, 3, "Update"},
    Row{"target.scanned", entity_management, 2, "Read"},
    Row{"target.https_pinned", entity_management, 3, "Update"},
    Row{"target.https_scanned", entity_management, 2, "Read"},
};

// What session.file_changed did, as a file activity.
struct Change {
  std::string_view what;
  std::uint8_t activity;
  const char* name;
};
constexpr std::array kChanges{
    Change{"renamed", 5, "Rename"},
    Change{"removed", 4, "Delete"},
    Change{"directory removed", 4, "Delete"},
    Change{"attributes", 6, "Set Attributes"},
    Change{"copied", 1, "Create"},
    Change{"directory made", 1, "Create"},
    Change{"hard link made", 1, "Create"},
    Change{"symbolic link made", 1, "Create"},
};

// The record tells what its event alone does not.
void refine(const std::string& event, const nlohmann::json& record, OcsfMapping& mapping) {
  const auto kind = text_of(record, "kind"), door = text_of(record, "door");
  const bool by_ssh =
      kind == "shell" || kind == "exec" || kind == "subsystem" || door == "ssh" || record.contains("rep_ssh");
  if (mapping.of == network_activity && by_ssh) mapping.of = ssh_activity;
  if (event == "session.file" && text_of(record, "direction") == "to-target")
    mapping.activity = 1, mapping.activity_name = "Create";
  if (event == "session.file_changed")
    for (const auto& change : kChanges)
      if (change.what == text_of(record, "what"))
        mapping.activity = change.activity, mapping.activity_name = change.name;
  if (event == "session.logged_off" && number_of(record, "failed") > 0) mapping.status = failure;
}

std::string why_look(const std::string& event, const nlohmann::json& record) {
  return event == "journal.broken" ? text_of(record, "problem") : alarm_in(event, record);
}

// A connection that ended badly is still that connection's end; any other alarm is a finding.
void raise_alarm(const std::string& event, OcsfMapping& mapping) {
  if (mapping.of == detection_finding) return;
  if (event != "session.ended" && event != "target.failed")
    mapping.of = detection_finding, mapping.activity = 1, mapping.activity_name = "Create";
  mapping.severity = high;
  mapping.status = failure;
}

}  // namespace

const char* caption_of(OcsfClass of) {
  switch (of) {
    case base_event:
      return "Base Event";
    case file_activity:
      return "File System Activity";
    case detection_finding:
      return "Detection Finding";
    case account_change:
      return "Account Change";
    case authentication:
      return "Authentication";
    case entity_management:
      return "Entity Management";
    case network_activity:
      return "Network Activity";
    case ssh_activity:
      return "SSH Activity";
    case application_lifecycle:
      return "Application Lifecycle";
  }
  return "Base Event";
}

const char* category_caption_of(OcsfClass of) {
  constexpr std::array kCategories{
      "Uncategorized", "System Activity",     "Findings", "Identity & Access Management", "Network Activity",
      "Discovery",     "Application Activity"};
  return kCategories.at(static_cast<std::size_t>(of) / 1000);
}

const char* caption_of(OcsfSeverity severity) {
  constexpr std::array kSeverities{"Unknown", "Informational", "Low", "Medium", "High", "Critical"};
  return kSeverities.at(static_cast<std::size_t>(severity));
}

OcsfMapping ocsf_mapping(const std::string& event, const nlohmann::json& record) {
  const auto row = std::ranges::find(kRows, std::string_view{event}, &Row::event);
  if (row == kRows.end()) return {base_event, kOther, "Other", informational, unsaid, {}};
  OcsfMapping mapping{row->of, row->activity, row->name, row->severity, row->status, why_look(event, record)};
  refine(event, record, mapping);
  if (!mapping.alarm.empty()) raise_alarm(event, mapping);
  return mapping;
}

}  // namespace sallyport
