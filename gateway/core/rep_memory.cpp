// Pure; runs in: sallyportd.
#include "gateway/core/rep_memory.h"

#include <algorithm>

#include "gateway/audit/segment.h"

namespace sallyport {

namespace {

std::string text_in(const Record& record, const char* key) {
  const auto found = record.fields.find(key);
  return found != record.fields.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

std::vector<std::string> texts_in(const Record& record, const char* key) {
  std::vector<std::string> texts;
  const auto found = record.fields.find(key);
  if (found == record.fields.end() || !found->is_array()) return texts;
  for (const auto& item : *found)
    if (item.is_string()) texts.push_back(item.get<std::string>());
  return texts;
}

}  // namespace

std::vector<nlohmann::json> RepMemory::snapshot() const {
  std::map<std::string, nlohmann::json> reps;
  for (const auto& rep : suspended_) reps[rep]["suspended"] = true;
  for (const auto& [rep, time] : enrolled_) reps[rep]["enrolled"] = to_rfc3339(time);
  for (const auto& [key, time] : keys_) reps[key.first]["keys"][key.second] = to_rfc3339(time);
  for (const auto& [key, counter] : counters_) reps[key.first]["key_counters"][key.second] = counter;
  std::vector<nlohmann::json> objects;
  for (auto& [rep, object] : reps) {
    object["name"] = rep;
    objects.push_back(std::move(object));
  }
  return objects;
}

void RepMemory::restore(const nlohmann::json& carried) {
  if (!carried.is_object()) return;
  const auto member = [&](const nlohmann::json& object, const char* key) {
    const auto found = object.find(key);
    return found == object.end() ? nlohmann::json::object() : *found;
  };
  const auto time = [](const nlohmann::json& text) {
    return text.is_string() ? from_rfc3339(text.get<std::string>()) : Result<WallTime>{fail("no time")};
  };
  const auto name = member(carried, "name");
  if (!name.is_string()) return;
  const auto rep = name.get<std::string>();
  if (member(carried, "suspended") == true) suspended_.insert(rep);
  if (const auto enrolled = time(member(carried, "enrolled"))) enrolled_[rep] = *enrolled;
  const auto keys = member(carried, "keys"), counters = member(carried, "key_counters");
  for (const auto& [key, text] : keys.items())
    if (const auto enrolled = time(text)) keys_[{rep, key}] = *enrolled;
  for (const auto& [key, counter] : counters.items())
    if (counter.is_number_unsigned()) {
      auto& highest = counters_[{rep, key}];
      highest = std::max(highest, counter.get<std::uint64_t>());
    }
}

void RepMemory::fold(const Record& record) {
  if (record.event == kCarriedEvent)
    if (const auto carried = record.fields.find("of_rep"); carried != record.fields.end()) restore(*carried);
  const auto rep = text_in(record, "rep");
  if (record.event == "rep.suspended") suspended_.insert(rep);
  if (record.event == "rep.resumed" || record.event == "rep.removed") suspended_.erase(rep);
  if (record.event == "rep.removed") enrolled_.erase(rep);
  if (record.event == "rep.enrolled") {
    enrolled_[rep] = record.time;
    for (const auto* const role : {"keys", "authorities", "credentials"})
      for (const auto& fingerprint : texts_in(record, role)) keys_[{rep, fingerprint}] = record.time;
  }
  const auto counter = record.fields.find("key_counter");
  if (record.event == "login.accepted" && counter != record.fields.end() && counter->is_number_unsigned()) {
    auto& highest = counters_[{rep, text_in(record, "key")}];
    highest = std::max(highest, counter->get<std::uint64_t>());
  }
}

std::optional<WallTime> RepMemory::enrolled_at(const std::string& rep) const {
  const auto found = enrolled_.find(rep);
  return found == enrolled_.end() ? std::nullopt : std::optional{found->second};
}

std::optional<WallTime> RepMemory::key_enrolled_at(const std::string& rep,
                                                   const std::string& fingerprint) const {
  const auto found = keys_.find({rep, fingerprint});
  return found == keys_.end() ? std::nullopt : std::optional{found->second};
}

bool RepMemory::counter_has_risen(const std::string& rep, const std::string& fingerprint,
                                  std::uint32_t counter) const {
  const auto found = counters_.find({rep, fingerprint});
  if (found == counters_.end()) return true;
  return counter > found->second || (counter == 0 && found->second == 0);
}

}  // namespace sallyport
