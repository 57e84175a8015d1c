// Which event of the journal is which class and activity of OCSF, and how severe. Pure; runs in: sallyport,
// sallyport-send.
#pragma once

#include <cstdint>
#include <string>

#include "gateway/audit/json.h"

namespace sallyport {

// class_uid; its thousands are the category_uid.
enum class OcsfClass : std::uint16_t {
  base_event = 0,
  file_activity = 1001,
  detection_finding = 2004,
  account_change = 3001,
  authentication = 3002,
  entity_management = 3004,
  network_activity = 4001,
  ssh_activity = 4007,
  application_lifecycle = 6002,
};
const char* caption_of(OcsfClass of);
const char* category_caption_of(OcsfClass of);

// severity_id
enum class OcsfSeverity : std::uint8_t { informational = 1, low = 2, medium = 3, high = 4, critical = 5 };
const char* caption_of(OcsfSeverity severity);

// status_id; `unsaid` where the record tells of no outcome.
enum class OcsfStatus : std::uint8_t { unsaid = 0, success = 1, failure = 2 };

struct OcsfMapping {
  OcsfClass of = OcsfClass::base_event;
  std::uint8_t activity = 99;      // activity_id
  const char* activity_name = "";  // its caption; our own word where the id is 99, "Other"
  OcsfSeverity severity = OcsfSeverity::informational;
  OcsfStatus status = OcsfStatus::unsaid;
  std::string alarm = {};  // why somebody should look (gateway/audit/alarm.h); empty: nobody need
};
OcsfMapping ocsf_mapping(const std::string& event, const nlohmann::json& record);

}  // namespace sallyport
