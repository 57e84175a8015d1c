// OcsfFields: what an OCSF class asks of a record's own fields. Each field is taken once; what nobody took is
// `unmapped`. Pure; runs in: sallyport, sallyport-send.
#pragma once

#include <string>

#include "gateway/ocsf/ocsf.h"
#include "gateway/ocsf/ocsf_table.h"

namespace sallyport {

class OcsfFields {
 public:
  // `event` gets the attributes; `rest` begins as the whole record.
  OcsfFields(nlohmann::json& event, nlohmann::json& rest, const OcsfSource& source)
      : event_(event), rest_(rest), source_(source) {}

  // The attributes that the class requires, and those that the record can fill.
  void fill(const OcsfMapping& mapping, const std::string& name);

 private:
  void put_authentication();
  void put_account();
  void put_entity(const std::string& name);
  void put_network();
  void put_file(const std::string& name);
  void put_finding(const OcsfMapping& mapping, const std::string& name);
  void put_application();
  void put_actor();

  nlohmann::json take(const char* key);  // null when absent
  std::string take_text(const char* key);
  bool has_number(const char* key) const;
  nlohmann::json take_endpoint(const char* key);  // null when it is none
  nlohmann::json gate() const;
  nlohmann::json product() const;

  nlohmann::json& event_;
  nlohmann::json& rest_;
  const OcsfSource& source_;
};

}  // namespace sallyport
