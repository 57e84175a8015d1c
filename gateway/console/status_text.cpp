// Runs in: sallyport.
#include "gateway/console/status_text.h"

#include <fmt/core.h>

#include "gateway/console/grant_text.h"
#include "gateway/console/table.h"
#include "gateway/review/values.h"

namespace sallyport {

namespace {

// "yes", or the sentence that says what is wrong.
std::string verdict(const nlohmann::json& object, const char* key, bool color) {
  const auto& value = member(object, key);
  const auto text = value.is_boolean() ? std::string{value.get<bool>() ? "yes" : "no"} : text_of(object, key);
  return painted(text.empty() ? "not known" : text, text == "yes" ? Color::good : Color::bad, color);
}

std::string sending_text(const Result<std::vector<Sending>>& sending, bool color, WallTime now) {
  const auto line = [&](const std::string& said, Color its_color) {
    return fmt::format("  sending      {}\n", painted(said, its_color, color));
  };
  if (!sending) return line("not known: " + sending.error().message(), Color::bad);
  std::string text;
  for (const auto& one : *sending)
    text += line(fmt::format("{}: {}", one.destination.name, sentence(one, now)), color_of(one, now));
  return text;
}

}  // namespace

std::string status_text(const nlohmann::json& status, const Result<std::vector<Sending>>& sending, bool color,
                        WallTime now) {
  const auto& grants = member(status, "grants");
  const auto& journal = member(status, "journal");
  const auto& firewall = member(status, "firewall");
  const auto listening = texts_of(status, "listening");
  std::string text =
      fmt::format("{}  sallyportd {}, process {}, since {}\n",
                  painted("Gate " + text_of(status, "gate"), Color::strong, color),
                  painted(text_of(status, "version"), Color::none, false), number_of(status, "pid"),
                  painted(time_text_with_distance(text_of(status, "started_at"), now), Color::none, false));
  const auto paused = number_of(grants, "paused");
  text += fmt::format("  grants       {} armed, {} active{}\n", number_of(grants, "armed"),
                      number_of(grants, "active"), paused == 0 ? "" : fmt::format(" ({} paused)", paused));
  text += fmt::format("  connections  {}\n", number_of(status, "connections"));
  text += fmt::format("  listening    {}\n",
                      listening.empty() ? "nowhere" : painted(join(listening), Color::warning, color));
  text +=
      fmt::format("  host keys    {}\n", painted(join(texts_of(status, "fingerprints")), Color::none, color));
  text += fmt::format("  journal      record {}, writable: {}\n", number_of(journal, "seq"),
                      verdict(journal, "writable", color));
  text += sending_text(sending, color, now);
  text += fmt::format("  firewall     base table in force: {}\n\n", verdict(firewall, "base", color));
  return text + kernel_text(member(firewall, "live"), color);
}

}  // namespace sallyport
