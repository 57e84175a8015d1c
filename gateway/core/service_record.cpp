// Pure; runs in: sallyportd.
#include "gateway/core/service_record.h"

#include <algorithm>

#include "gateway/audit/json.h"
#include "gateway/audit/record.h"

namespace sallyport {

namespace {

using Json = nlohmann::json;

constexpr std::initializer_list<Transport> kTransports{Transport::tcp, Transport::udp};
constexpr std::initializer_list<Carriage> kCarriages{Carriage::ssh, Carriage::https, Carriage::forward,
                                                     Carriage::through_ssh};
constexpr std::initializer_list<Reach> kReaches{Reach::hmc, Reach::managed_system};

template <class Word>
Result<Word> word_from(const Json& json, std::initializer_list<Word> words) {
  if (json.is_string())
    for (const auto word : words)
      if (json.get_ref<const std::string&>() == to_text(word)) return word;
  return fail("an unknown word: {}", json_text(json));
}

Result<std::string> name_from(const Json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_string()) return fail("no text '{}'", key);
  return found->get<std::string>();
}

Result<std::uint64_t> number_from(const Json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_number_unsigned()) return fail("no number '{}'", key);
  return found->get<std::uint64_t>();
}

Result<std::vector<Transport>> transports_from(const Json& list) {
  std::vector<Transport> transports;
  if (!list.is_array() || list.empty()) return fail("no list 'transports'");
  for (const auto& item : list) {
    ASSIGN_OR_RETURN(const auto transport, word_from(item, kTransports));
    transports.push_back(transport);
  }
  return transports;
}

Result<Service> service_from(const Json& object) {
  Service service;
  if (!object.is_object()) return fail("a service that is no object");
  ASSIGN_OR_RETURN(service.name, name_from(object, "name"));
  ASSIGN_OR_RETURN(service.carriage, word_from(object.value("carriage", Json{}), kCarriages));
  ASSIGN_OR_RETURN(service.transports, transports_from(object.value("transports", Json{})));
  ASSIGN_OR_RETURN(const auto port, number_from(object, "port"));
  if (port == 0 || port > 65535) return fail("port {}", port);
  service.port = Port{static_cast<std::uint16_t>(port)};
  if (object.contains("reach")) {
    ASSIGN_OR_RETURN(service.reach, word_from(object["reach"], kReaches));
  }
  if (object.contains("translate_source")) {
    if (!object["translate_source"].is_boolean()) return fail("'translate_source' is not true or false");
    service.translate_source = object["translate_source"].get<bool>();
  }
  return service;
}

Result<ServiceTraffic> one_traffic_from(const Json& object) {
  ServiceTraffic traffic;
  if (!object.is_object()) return fail("a service's traffic that is no object");
  ASSIGN_OR_RETURN(traffic.service, name_from(object, "service"));
  ASSIGN_OR_RETURN(traffic.transport, word_from(object.value("transport", Json{}), kTransports));
  ASSIGN_OR_RETURN(traffic.in_packets, number_from(object, "in_packets"));
  ASSIGN_OR_RETURN(traffic.in_bytes, number_from(object, "in_bytes"));
  ASSIGN_OR_RETURN(traffic.out_packets, number_from(object, "out_packets"));
  ASSIGN_OR_RETURN(traffic.out_bytes, number_from(object, "out_bytes"));
  return traffic;
}

template <class T>
Result<std::vector<T>> list_from(const Json& list, Result<T> (*one)(const Json&)) {
  std::vector<T> items;
  if (!list.is_array()) return fail("not a list");
  for (const auto& item : list) {
    ASSIGN_OR_RETURN(auto value, one(item));
    items.push_back(std::move(value));
  }
  return items;
}

Json service_to_json(const Service& service) {
  Json json{{"name", service.name},
            {"carriage", to_text(service.carriage)},
            {"transports", Json::array()},
            {"port", service.port.value()}};
  for (const auto transport : service.transports) json["transports"].push_back(to_text(transport));
  if (service.reach != Reach::hmc) json["reach"] = to_text(service.reach);
  if (service.translate_source) json["translate_source"] = true;
  return json;
}

}  // namespace

Json services_to_json(const std::vector<Service>& services) {
  Json list = Json::array();
  for (const auto& service : services) list.push_back(service_to_json(service));
  return list;
}

Json traffic_to_json(const std::vector<ServiceTraffic>& traffic) {
  Json list = Json::array();
  const auto number = [](std::uint64_t value) { return std::min(value, kLargestNumber); };
  for (const auto& item : traffic)
    list.push_back({{"service", item.service},
                    {"transport", to_text(item.transport)},
                    {"in_packets", number(item.in_packets)},
                    {"in_bytes", number(item.in_bytes)},
                    {"out_packets", number(item.out_packets)},
                    {"out_bytes", number(item.out_bytes)}});
  return list;
}

Result<std::vector<Service>> services_from_json(const Json& list) { return list_from(list, service_from); }

Result<std::vector<ServiceTraffic>> traffic_from_json(const Json& list) {
  return list_from(list, one_traffic_from);
}

std::vector<Service> services_of_old_records() {
  Service ssh;
  ssh.name = "ssh";
  ssh.port = Port{22};
  ssh.carriage = Carriage::ssh;
  return {ssh};
}

}  // namespace sallyport
