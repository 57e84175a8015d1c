// Runs in: sallyport.
#include "gateway/console/target_keys.h"

#include <algorithm>
#include <iterator>

#include "base/escape.h"
#include "gateway/console/control_client.h"
#include "gateway/console/host_key_scan.h"
#include "gateway/console/output.h"
#include "gateway/console/prompt.h"
#include "gateway/console/table.h"
#include "gateway/console/target_certificate.h"

namespace sallyport {

namespace {

using Json = nlohmann::json;

template <class Predicate>
std::vector<std::string> those_of(const std::vector<std::string>& expected, Predicate are) {
  std::vector<std::string> found;
  std::copy_if(expected.begin(), expected.end(), std::back_inserter(found), are);
  return found;
}

// As target.list tells of a pinned key.
std::string shown_as(const HostKey& key) { return fmt::format("{} ({})", key.fingerprint(), key.label()); }

std::string list_of(const std::vector<HostKey>& keys) {
  std::string all;
  for (const auto& key : keys) all += (all.empty() ? "" : ", ") + shown_as(key);
  return all;
}

}  // namespace

std::vector<std::string> PinOptions::keys() const {
  return those_of(expected, [](const std::string& one) { return !is_pin(one); });
}

std::vector<std::string> PinOptions::pins() const { return those_of(expected, is_pin); }

Result<std::vector<HostKey>> scan_keys(ConsoleContext& context, Json where) {
  where["ask"] = "target.scan";
  ASSIGN_OR_RETURN(auto client, connect(context));
  return read_host_keys([&]() -> Result<UniqueFd> {
    ASSIGN_OR_RETURN(auto reply, client.ask(where));
    if (!reply.descriptor) return fail("the gate sent no connection to the target");
    return std::move(reply.descriptor);
  });
}

bool is_among(const HostKey& key, const std::vector<std::string>& pinned) {
  return std::find(pinned.begin(), pinned.end(), shown_as(key)) != pinned.end();
}

std::string keys_text(const std::vector<HostKey>& keys, const std::vector<std::string>& pinned, bool color) {
  Table table{{"HOST KEY", "TYPE", "PINNED"}, color};
  for (const auto& key : keys)
    table.add({key.fingerprint(), key.label(), {is_among(key, pinned) ? "yes" : "", Color::good}});
  return table.text();
}

Json lines_of(const std::vector<HostKey>& keys) {
  Json lines = Json::array();
  for (const auto& key : keys) lines.push_back(key.line());
  return lines;
}

Result<std::vector<HostKey>> expected_of(const std::vector<HostKey>& keys,
                                         const std::vector<std::string>& expected) {
  std::vector<HostKey> found;
  for (const auto& fingerprint : expected) {
    const auto same = [&](const HostKey& key) { return key.fingerprint() == fingerprint; };
    const auto key = std::find_if(keys.begin(), keys.end(), same);
    if (key == keys.end())
      return fail("the target does not have the expected key {}; it has {}: nothing was pinned",
                  escape_terminal(fingerprint), list_of(keys));
    found.push_back(*key);
  }
  return found;
}

Result<std::vector<HostKey>> chosen_keys(const ConsoleContext& context, const std::vector<HostKey>& keys,
                                         const PinOptions& options) {
  if (!options.expected.empty()) return expected_of(keys, options.keys());
  if (context.json)
    return fail(
        "with --json nothing is asked: name the fingerprint with --expect (sallyport target scan shows it)");
  print(keys_text(keys, {}, context.color) + "Compare with what the target's own console shows.\n");
  if (!confirm(keys.size() == 1 ? "Pin this key?" : "Pin these keys?")) return fail("nothing was pinned");
  return keys;
}

}  // namespace sallyport
