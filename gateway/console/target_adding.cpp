// Runs in: sallyport.
#include "gateway/console/target_adding.h"

#include "base/escape.h"
#include "base/secret.h"
#include "gateway/console/control_client.h"
#include "gateway/console/prompt.h"
#include "gateway/console/target_certificate.h"

namespace sallyport {

namespace {

using Json = nlohmann::json;

Result<std::vector<HostKey>> keys_to_pin(ConsoleContext& context, const NewTarget& target) {
  if (!target.host_key.empty()) {
    ASSIGN_OR_RETURN(auto key, HostKey::parse(target.host_key));
    return std::vector{std::move(key)};
  }
  ASSIGN_OR_RETURN(const auto keys,
                   scan_keys(context, {{"addresses", target.addresses}, {"ssh_port", target.port}}));
  return chosen_keys(context, keys, target.pin);
}

Done add_https(ConsoleContext& context, const NewTarget& target, Json& request) {
  const auto& site = target.https;
  ASSIGN_OR_RETURN(
      const auto shown,
      scan_certificate(context, {{"addresses", target.addresses}, {"https_port", site.port}}, site.name));
  ASSIGN_OR_RETURN(const auto pin, chosen_pin(context, shown, target.pin.pins()));
  request["pins"] = Json::array({pin});
  request["https_port"] = site.port;
  if (!site.name.empty()) request["https_name"] = site.name;
  return {};
}

Result<Secret> login_secret(const NewTarget& target) {
  if (target.login == "prompt") return Secret{};
  if (!target.secret_file.empty()) {
    ASSIGN_OR_RETURN(auto secret, read_secret_file(target.secret_file));
    const auto text = secret.reveal();
    // A file's last newline belongs to the file, not to the password; a key needs it.
    if (target.login == "password" && text.ends_with('\n')) return Secret{text.substr(0, text.size() - 1)};
    return secret;
  }
  if (target.login == "key") return fail("a private key is read from a file (use --secret-file)");
  return ask_secret("password of " + escape_terminal(target.user) + " on the target");
}

}  // namespace

Result<Json> add_target(ConsoleContext& context, const NewTarget& target) {
  Json request{{"ask", "target.add"},     {"name", target.name}, {"addresses", target.addresses},
               {"ssh_port", target.port}, {"user", target.user}, {"login", target.login}};
  if (!target.description.empty()) request["description"] = target.description;
  if (target.legacy) request["legacy"] = true;
  ASSIGN_OR_RETURN(const auto keys, keys_to_pin(context, target));
  request["host_keys"] = lines_of(keys);
  if (target.https.wanted) RETURN_IF_ERROR(add_https(context, target, request));
  ASSIGN_OR_RETURN(const auto secret, login_secret(target));
  if (!secret.empty()) request["secret"] = std::string{secret.reveal()};
  auto result = ask(context, request);
  if (request.contains("secret")) wipe(request["secret"].get_ref<std::string&>());
  return result;
}

}  // namespace sallyport
