// Runs in: sallyport, sallyport-send, sallyport-metrics.
#include "gateway/audit/members.h"

#include <fmt/format.h>

namespace sallyport {

const nlohmann::json& member(const nlohmann::json& object, const char* key) {
  static const nlohmann::json null;
  const auto found = object.find(key);
  return found == object.end() ? null : *found;
}

std::string text_of(const nlohmann::json& object, const char* key) {
  const auto& value = member(object, key);
  return value.is_string() ? value.get<std::string>() : std::string{};
}

std::uint64_t number_of(const nlohmann::json& object, const char* key) {
  const auto& value = member(object, key);
  return value.is_number_unsigned() ? value.get<std::uint64_t>() : 0;
}

std::vector<std::string> texts_of(const nlohmann::json& object, const char* key) {
  std::vector<std::string> texts;
  const auto& list = member(object, key);
  if (!list.is_array()) return texts;
  for (const auto& item : list)
    if (item.is_string()) texts.push_back(item.get<std::string>());
  return texts;
}

std::string join(const std::vector<std::string>& texts, std::string_view between) {
  return fmt::format("{}", fmt::join(texts, between));
}

}  // namespace sallyport
