// What OCSF 1.3.0 asks of the classes that the gate's records become: facts of its schema
// (github.com/ocsf/ocsf-schema), checked by hand against 1.3.0 and 1.8.0. Runs in: tests.
#pragma once

#include <map>
#include <set>
#include <string>

struct OcsfFacts {
  std::string name;
  int category;
  std::map<int, std::string> activities;  // beside 0 Unknown and 99 Other, which every class has
  std::set<std::string> required;         // beside what every class requires
  std::set<std::string> own;              // what else the class has that may be filled
};

inline const std::set<std::string> kOcsfRequired{"activity_id", "category_uid", "class_uid", "metadata",
                                                 "severity_id", "time",         "type_uid"};
inline const std::set<std::string> kOcsfOptional{
    "activity_name", "category_name", "class_name", "message",   "severity",
    "status",        "status_detail", "status_id",  "type_name", "unmapped"};

inline const std::map<int, std::string> kConnections{{1, "Open"},   {2, "Close"},   {3, "Reset"}, {4, "Fail"},
                                                     {5, "Refuse"}, {6, "Traffic"}, {7, "Listen"}};

inline const std::map<int, OcsfFacts> kOcsf{
    {0, {"Base Event", 0, {}, {}, {}}},
    {1001,
     {"File System Activity",
      1,
      {{1, "Create"}, {2, "Read"}, {3, "Update"}, {4, "Delete"}, {5, "Rename"}, {6, "Set Attributes"}},
      {"actor", "device", "file"},
      {"file_result"}}},
    {2004, {"Detection Finding", 2, {{1, "Create"}, {2, "Update"}, {3, "Close"}}, {"finding_info"}, {}}},
    {3001,
     {"Account Change",
      3,
      {{1, "Create"},
       {2, "Enable"},
       {5, "Disable"},
       {6, "Delete"},
       {9, "Lock"},
       {10, "MFA Factor Enable"},
       {11, "MFA Factor Disable"}},
      {"user"},
      {"actor"}}},
    {3002,
     {"Authentication",
      3,
      {{1, "Logon"}, {2, "Logoff"}, {6, "Preauth"}},
      {"user", "dst_endpoint"},  // or `service`: at least one of the two
      {"actor", "auth_protocol", "auth_protocol_id", "is_mfa", "is_remote", "logon_type", "logon_type_id",
       "src_endpoint"}}},
    {3004,
     {"Entity Management",
      3,
      {{1, "Create"},
       {2, "Read"},
       {3, "Update"},
       {4, "Delete"},
       {8, "Enable"},
       {9, "Disable"},
       {10, "Activate"},
       {11, "Deactivate"},
       {12, "Suspend"},
       {13, "Resume"}},
      {"entity"},
      {"actor", "comment", "src_endpoint"}}},
    {4001,
     {"Network Activity", 4, kConnections, {"dst_endpoint"}, {"connection_info", "src_endpoint", "traffic"}}},
    {4007,
     {"SSH Activity", 4, kConnections, {"dst_endpoint"}, {"connection_info", "src_endpoint", "traffic"}}},
    {6002,
     {"Application Lifecycle",
      6,
      {{1, "Install"},
       {2, "Remove"},
       {3, "Start"},
       {4, "Stop"},
       {5, "Restart"},
       {6, "Enable"},
       {7, "Disable"},
       {8, "Update"}},
      {"app"},
      {}}},
};

// Of an object: what it requires, and of which it has at least one.
struct OcsfObject {
  std::set<std::string> required, one_of;
};
inline const std::map<std::string, OcsfObject> kOcsfObjects{
    {"metadata", {{"product", "version"}, {}}},
    {"product", {{"vendor_name"}, {}}},
    {"app", {{"vendor_name", "name"}, {}}},
    {"actor", {{}, {"user", "session", "app_name"}}},
    {"user", {{}, {"name", "uid"}}},
    {"src_endpoint", {{}, {"ip", "name", "hostname"}}},
    {"dst_endpoint", {{}, {"ip", "name", "hostname"}}},
    {"device", {{"type_id"}, {"ip", "name", "hostname"}}},
    {"entity", {{}, {"name", "uid"}}},
    {"policy", {{}, {"name", "uid"}}},
    {"file", {{"name", "type_id"}, {}}},
    {"file_result", {{"name", "type_id"}, {}}},
    {"connection_info", {{"direction_id"}, {}}},
    {"finding_info", {{"title", "uid"}, {}}},
};
