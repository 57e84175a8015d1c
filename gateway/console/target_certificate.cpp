// Runs in: sallyport.
#include "gateway/console/target_certificate.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/escape.h"
#include "gateway/console/control_client.h"
#include "gateway/console/output.h"
#include "gateway/console/prompt.h"
#include "gateway/review/values.h"
#include "policies/certificate_pin.h"

namespace sallyport {

namespace {

using Json = nlohmann::json;

bool is_among(const std::string& pin, const std::vector<std::string>& pins) {
  return std::find(pins.begin(), pins.end(), pin) != pins.end();
}

Done pin(ConsoleContext& context, const std::string& name, std::uint16_t port, const std::string& wanted,
         Json& result) {
  Json request{{"ask", "target.pin_https"}, {"name", name}, {"pins", Json::array({wanted})}};
  if (port != 0) request["https_port"] = port;
  ASSIGN_OR_RETURN(result, ask(context, request));
  if (context.json) return {};
  print(fmt::format("Target {} has a new pinned certificate: {}\n", escape_terminal(name), wanted));
  return {};
}

// What was shown is another one than what is pinned, or nothing is pinned yet: a person decides.
Done offer(ConsoleContext& context, const std::string& name, std::uint16_t port,
           const std::vector<std::string>& pinned, const ShownCertificate& certificate, Json& result) {
  if (!pinned.empty()) print(fmt::format("Pinned now: {}\n", escape_terminal(join(pinned))));
  print("Compare with what the target's own console shows.\n");
  if (!confirm(pinned.empty() ? "Pin this certificate's key?" : "Pin this certificate's key instead?"))
    return fail("nothing was changed");
  return pin(context, name, port, certificate.pin, result);
}

}  // namespace

bool is_pin(const std::string& expected) { return expected.starts_with(kPinPrefix); }

Result<ShownCertificate> scan_certificate(ConsoleContext& context, Json where,
                                          const std::string& server_name) {
  where["ask"] = "target.scan";
  where["service"] = "https";
  ASSIGN_OR_RETURN(auto client, connect(context));
  ASSIGN_OR_RETURN(auto reply, client.ask(where));
  if (!reply.descriptor) return fail("the gate sent no connection to the target");
  return read_certificate(std::move(reply.descriptor), server_name);
}

std::string certificate_text(const ShownCertificate& certificate, const std::vector<std::string>& pinned) {
  return fmt::format(
      "Certificate of its web interface\n  subject  {}\n  issuer   {}\n  valid    {} to {}\n  {}\n  pin      "
      "{}{}\n",
      escape_terminal(certificate.subject), escape_terminal(certificate.issuer), certificate.from,
      certificate.until, certificate.fingerprint, certificate.pin,
      is_among(certificate.pin, pinned) ? " (pinned)" : "");
}

Json certificate_json(const ShownCertificate& certificate, const std::vector<std::string>& pinned) {
  return {{"subject", certificate.subject},
          {"issuer", certificate.issuer},
          {"from", certificate.from},
          {"until", certificate.until},
          {"fingerprint", certificate.fingerprint},
          {"pin", certificate.pin},
          {"pinned", is_among(certificate.pin, pinned)}};
}

Result<std::string> chosen_pin(const ConsoleContext& context, const ShownCertificate& certificate,
                               const std::vector<std::string>& expected) {
  if (!expected.empty()) {
    if (is_among(certificate.pin, expected)) return certificate.pin;
    return fail("the target's certificate has another key than expected, {}: nothing was pinned",
                certificate.pin);
  }
  if (context.json)
    return fail("with --json nothing is asked: name the pin with --expect (sallyport target scan shows it)");
  print(certificate_text(certificate, {}) + "Compare with what the target's own console shows.\n");
  if (!confirm("Pin this certificate's key?")) return fail("nothing was pinned");
  return certificate.pin;
}

Done scan_known_certificate(ConsoleContext& context, const Json& target, std::uint16_t port,
                            const std::vector<std::string>& expected, Json& result) {
  const auto name = text_of(target, "name");
  const auto& site = member(target, "https");
  const auto pinned = texts_of(site, "pins");
  Json where{{"name", name}};
  if (port != 0) where["https_port"] = port;
  ASSIGN_OR_RETURN(const auto shown, scan_certificate(context, where, text_of(site, "name")));
  if (!expected.empty()) {
    ASSIGN_OR_RETURN(const auto wanted, chosen_pin(context, shown, expected));
    return pin(context, name, port, wanted, result);
  }
  if (context.json) return result["certificate"] = certificate_json(shown, pinned), Done{};
  print(certificate_text(shown, pinned));
  if (is_among(shown.pin, pinned)) return print("Its certificate has the pinned key.\n"), Done{};
  if (const auto authorities = text_of(site, "authorities"); !authorities.empty())
    return print(fmt::format("It is known by the authorities in {}, not by a pin.\n",
                             escape_terminal(authorities))),
           Done{};
  return offer(context, name, port, pinned, shown, result);
}

}  // namespace sallyport
