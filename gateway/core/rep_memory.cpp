// Pure; runs in: sallyportd.
#include "gateway/core/rep_memory.h"

#include <algorithm>

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

void RepMemory::fold(const Record& record) {
  const auto rep = text_in(record, "rep");
  if (record.event == "rep.suspended") suspended_.insert(rep);
  if (record.event == "rep.resumed" || record.event == "rep.removed") suspended_.erase(rep);
  if (record.event == "rep.removed") enrolled_.erase(rep);
  if (record.event == "rep.enrolled") {
    enrolled_[rep] = record.time;
    for (const auto* const role : {"keys", "authorities"})
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
