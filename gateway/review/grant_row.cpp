// Runs in: sallyport.
#include "gateway/review/grant_row.h"

#include "gateway/review/values.h"

namespace sallyport {

namespace {

using Json = nlohmann::json;

Json count_json(const FileCount& count) { return {{"count", count.count}, {"bytes", count.bytes}}; }

}  // namespace

Json to_json(const GrantRow& row) {
  Json out{{"grant", row.grant},
           {"state", row.state},
           {"failed_logins", row.failed_logins},
           {"refused_files", row.refused_files},
           {"files_to_target", count_json(row.to_target)},
           {"files_from_target", count_json(row.from_target)},
           {"alarms", Json::array()},
           {"recordings", Json::array()}};
  const auto put = [&](const char* key, const std::string& value) {
    if (!value.empty()) out[key] = value;
  };
  put("rep", row.rep);
  put("target", row.target);
  put("enabled_by", row.admin);
  put("enabled_at", row.enabled_at);
  put("ticket", row.ticket);
  put("reason", row.reason);
  put("session", row.session);
  put("peer", row.peer);
  put("began", row.began);
  put("ended", row.ended);
  put("end_reason", row.end_reason);
  put("ended_by", row.ended_by);
  for (const auto& alarm : row.alarms) out["alarms"].push_back({{"time", alarm.time}, {"text", alarm.text}});
  for (const auto& recording : row.recordings)
    out["recordings"].push_back({{"channel", recording.channel}, {"path", recording.path}});
  return out;
}

}  // namespace sallyport
