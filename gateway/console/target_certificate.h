// The certificate of a target's web interface, in target add and target scan: shown, compared with what is
// pinned, and pinned after a person has seen it or a script has named it. Runs in: sallyport.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "gateway/console/certificate_scan.h"
#include "gateway/console/context.h"

namespace sallyport {

// `where` is what target.scan takes beside the service: a name, or addresses, and https_port. `server_name`:
// what it is called.
Result<ShownCertificate> scan_certificate(ConsoleContext& context, nlohmann::json where,
                                          const std::string& server_name);

// Of `expected` and of --expect in general: pins begin with "sha256//", the others name host keys.
bool is_pin(const std::string& expected);

std::string certificate_text(const ShownCertificate& certificate, const std::vector<std::string>& pinned);
nlohmann::json certificate_json(const ShownCertificate& certificate, const std::vector<std::string>& pinned);

// The pin of what was shown, if it is among `expected`, or after a look and a "y".
Result<std::string> chosen_pin(const ConsoleContext& context, const ShownCertificate& certificate,
                               const std::vector<std::string>& expected);

// Shows the certificate of a known target, and pins it anew if it is another one and that is wanted.
// `target`: as target.list tells of it; `port`: 0 for its own. With --json what came of it goes into
// `result`.
Done scan_known_certificate(ConsoleContext& context, const nlohmann::json& target, std::uint16_t port,
                            const std::vector<std::string>& expected, nlohmann::json& result);

}  // namespace sallyport
