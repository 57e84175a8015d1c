// Runs in: sallyportd, sallyport.
#include "gateway/audit/json.h"

#ifdef SALLYPORT_JSON_ONCE
template class nlohmann::basic_json<>;
#endif

namespace sallyport {

using nlohmann::json;

json parse_json(std::string_view text) { return json::parse(text, nullptr, /*allow_exceptions=*/false); }

json parse_json(std::string_view text, int deepest) {
  const auto is_shallow = [deepest](int depth, json::parse_event_t, json&) { return depth <= deepest; };
  return json::parse(text, is_shallow, /*allow_exceptions=*/false);
}

bool is_start_of_json(std::string_view text) {
  try {
    const auto whole = json::parse(text);
    return false;
  } catch (const json::parse_error& error) {
    return error.byte > text.size();
  } catch (const json::exception&) {
    return false;
  }
}

std::string json_text(const json& value, int indent) {
  return value.dump(indent, ' ', /*ensure_ascii=*/false, json::error_handler_t::replace);
}

}  // namespace sallyport
