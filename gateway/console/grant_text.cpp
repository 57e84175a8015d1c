// Runs in: sallyport.
#include "gateway/console/grant_text.h"

#include <fmt/core.h>

#include "base/duration.h"
#include "gateway/console/table.h"
#include "gateway/review/record_sentence.h"
#include "gateway/review/values.h"

namespace sallyport {

namespace {

using Json = nlohmann::json;

constexpr std::string_view kPaused = "active, paused";

// What to call the grant's state.
std::string state_of(const Json& grant) {
  const bool paused = member(grant, "paused") == true;
  return paused ? std::string{kPaused} : text_of(grant, "state");
}

Color color_of(const std::string& state) {
  if (state == "active") return Color::good;
  if (state == kPaused) return Color::warning;
  if (state == "armed" || state == "pending" || state == "scheduled") return Color::warning;
  return state == "locked" ? Color::bad : Color::faint;
}

std::string seconds_text(const Json& grant, const char* key) {
  return to_text(std::chrono::seconds{static_cast<std::int64_t>(number_of(grant, key))});
}

// What happens next, or what has happened.
std::string until_text(const Json& grant, WallTime now) {
  const auto state = text_of(grant, "state");
  if (state == "armed") return "connect by " + time_text_with_distance(text_of(grant, "connect_by"), now);
  if (state == "active") return "ends by " + time_text_with_distance(text_of(grant, "end_by"), now);
  const auto ended = text_of(grant, "ended_at"), reason = text_of(grant, "end_reason");
  return (ended.empty() ? "" : time_text(ended)) + (reason.empty() ? "" : ": " + reason);
}

class Lines {
 public:
  explicit Lines(bool color) : color_(color) {}
  void add(std::string_view name, std::string_view value) {
    if (!value.empty())
      text_ += fmt::format("  {} {}\n", painted(fmt::format("{:<12}", name), Color::faint, color_),
                           painted(value, Color::none, color_));
  }
  std::string text() && { return std::move(text_); }

 private:
  bool color_;
  std::string text_;
};

void add_session(Lines& lines, const Json& grant, WallTime now) {
  lines.add("session", text_of(grant, "session"));
  lines.add("peer", text_of(grant, "peer"));
  if (const auto claimed = text_of(grant, "claimed_at"); !claimed.empty())
    lines.add("began", time_text(claimed));
  if (const auto paused = text_of(grant, "paused_at"); !paused.empty())
    lines.add("paused",
              fmt::format("{} by {}", time_text_with_distance(paused, now), text_of(grant, "paused_by")));
  if (text_of(grant, "state") == "active")
    lines.add("ends by", time_text_with_distance(text_of(grant, "end_by"), now));
  if (grant.contains("to_target"))
    lines.add("traffic", fmt::format("{} to the target, {} from it", size_text(number_of(grant, "to_target")),
                                     size_text(number_of(grant, "from_target"))));
}

// "ssh 22/tcp, web 443/tcp (forward)"
std::string services_text(const Json& grant) {
  std::vector<std::string> texts;
  for (const auto& service : member(grant, "services")) {
    const auto carriage = text_of(service, "carriage");
    texts.push_back(fmt::format("{} {}/{}{}", text_of(service, "name"), number_of(service, "port"),
                                join(texts_of(service, "transports"), "+"),
                                carriage == "ssh" ? "" : fmt::format(" ({})", carriage)));
  }
  return join(texts);
}

void add_counted(Lines& lines, const Json& grant) {
  for (const auto& row : member(grant, "traffic"))
    lines.add("  " + text_of(row, "service"),
              fmt::format("{}: in {} packets, {}; out {} packets, {}", text_of(row, "transport"),
                          number_of(row, "in_packets"), size_text(number_of(row, "in_bytes")),
                          number_of(row, "out_packets"), size_text(number_of(row, "out_bytes"))));
}

}  // namespace

std::string grants_text(const Json& grants, bool color, WallTime now) {
  Table table{{"GRANT", "STATE", "REP", "TARGET", "POLICY", "FROM", "SESSION", "UNTIL", "TICKET"}, color};
  for (const auto& grant : grants) {
    const auto state = state_of(grant);
    table.add({text_of(grant, "id"),
               {state, color_of(state)},
               text_of(grant, "rep"),
               text_of(grant, "target"),
               text_of(grant, "policy"),
               join(texts_of(grant, "networks")),
               text_of(grant, "session"),
               until_text(grant, now),
               text_of(grant, "ticket")});
  }
  return table.empty() ? "No grants.\n" : table.text();
}

std::string grant_text(const Json& grant, bool color, WallTime now) {
  const auto state = text_of(grant, "state");
  Lines lines{color};
  lines.add("rep", text_of(grant, "rep"));
  lines.add("target", text_of(grant, "target"));
  lines.add("policy", text_of(grant, "policy"));
  lines.add("services", services_text(grant));
  lines.add("system", text_of(grant, "managed_system"));
  lines.add("from", join(texts_of(grant, "networks")));
  if (state == "armed") lines.add("connect by", time_text_with_distance(text_of(grant, "connect_by"), now));
  lines.add("limits", fmt::format("{} at the most, {} idle", seconds_text(grant, "session_limit"),
                                  seconds_text(grant, "idle_limit")));
  lines.add("ticket", text_of(grant, "ticket"));
  lines.add("reason", text_of(grant, "reason"));
  lines.add("enabled",
            fmt::format("{} by {}", time_text(text_of(grant, "enabled_at")), text_of(grant, "enabled_by")));
  if (const auto failed = number_of(grant, "failed_logins"); failed > 0)
    lines.add("failed", fmt::format("{} logins", failed));
  if (const auto barred = texts_of(grant, "barred"); !barred.empty())
    lines.add("closed to", join(barred) + " (sallyport unlock lets them try again)");
  add_session(lines, grant, now);
  add_counted(lines, grant);
  lines.add("files", file_totals_text(member(grant, "files")));
  if (const auto ended = text_of(grant, "ended_at"); !ended.empty())
    lines.add("ended", until_text(grant, now));
  return fmt::format("{} is {}\n", painted("Grant " + text_of(grant, "id"), Color::strong, color),
                     painted(state_of(grant), color_of(state_of(grant)), color)) +
         std::move(lines).text();
}

std::string tell_text(const Json& tell, bool color) {
  const auto commands = texts_of(tell, "commands"), fingerprints = texts_of(tell, "fingerprints");
  std::string text = painted("Tell the representative:", Color::strong, color) + "\n";
  const auto ways = [&](const std::vector<std::string>& some, const std::string& before) {
    for (const auto& way : some)
      text += fmt::format("  {}{}{}\n", before, &way == &some.front() ? "" : "or  ",
                          painted(way, Color::none, color));
  };
  ways(commands, "");
  if (!commands.empty()) text += "  The gate's host key is\n";
  for (const auto& fingerprint : commands.empty() ? std::vector<std::string>{} : fingerprints)
    text += fmt::format("    {}\n", painted(fingerprint, Color::none, color));
  const auto urls = texts_of(tell, "urls");
  if (urls.empty()) return text;
  text += fmt::format("  {}by browser, as user {}\n", commands.empty() ? "" : "Or ", text_of(tell, "user"));
  ways(urls, "  ");
  return text + fmt::format("  The gate's certificate is\n    {}\n",
                            painted(text_of(tell, "certificate"), Color::none, color));
}

std::string kernel_text(const Json& lines, bool color) {
  std::string text = painted("Open in the kernel now:", Color::strong, color) + "\n";
  for (const auto& line : lines)
    if (line.is_string()) text += fmt::format("  {}\n", painted(line.get<std::string>(), Color::none, color));
  return lines.empty() ? text + "  nothing\n" : text;
}

}  // namespace sallyport
