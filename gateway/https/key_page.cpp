// Runs in: sallyport-https.
#include "gateway/https/key_page.h"

#include <fmt/core.h>

#include "base/encoding.h"
#include "base/sha256.h"
#include "gateway/https/form.h"
#include "gateway/https/pages.h"

namespace sallyport {

namespace {

// What the gate says stands in the form's data attributes, never in the script, whose hash the page's policy
// names. An answer is the credential's id, clientDataJSON, authenticatorData and signature in base64url, a
// dot between (auth/webauthn/assertion.h); it is posted by the form itself, as a browser without scripts
// would.
constexpr std::string_view kScript = R"js((() => {
  "use strict";
  const form = document.getElementById("assertion"), button = document.getElementById("touch");
  const said = document.getElementById("said"), failed = document.getElementById("failed");
  const bytes = text => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), c => c.charCodeAt(0));
  const text = buffer => btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const reasons = {
    NotAllowedError: "The key was not touched in time, it is not one of yours, or the browser did not allow it.",
    SecurityError: "The browser does not let this page ask for the key: open the gate by its own name, " +
      form.dataset.relyingParty + ", with a certificate that the browser trusts.",
    InvalidStateError: "The key cannot be used here.",
  };
  const complain = why => {
    failed.textContent = why;
    failed.hidden = false;
    said.textContent = "";
    button.disabled = false;
    button.focus();
  };
  const ask = async () => {
    failed.hidden = true;
    failed.textContent = "";
    if (!window.PublicKeyCredential) return complain("This browser cannot ask for a security key (WebAuthn).");
    said.textContent = "Touch your security key now.";
    button.disabled = true;
    try {
      const found = await navigator.credentials.get({publicKey: {
        challenge: bytes(form.dataset.challenge),
        rpId: form.dataset.relyingParty,
        allowCredentials: form.dataset.credentials.split(" ").map(id => ({type: "public-key", id: bytes(id)})),
        userVerification: form.dataset.userVerification,
        timeout: 110000,
      }});
      const answer = found.response;
      form.elements.response.value =
        [found.rawId, answer.clientDataJSON, answer.authenticatorData, answer.signature].map(text).join(".");
    } catch (error) {
      return complain((reasons[error.name] || "The security key could not be asked (" + error.name + ").") +
        " You can try again.");
    }
    said.textContent = "The key has answered; the gate decides.";
    form.submit();
  };
  button.addEventListener("click", ask);
  button.disabled = false;
  button.focus();
})();
)js";

std::string joined(const std::vector<std::string>& ids) {
  std::string text;
  for (const auto& id : ids) text += (text.empty() ? "" : " ") + id;
  return text;
}

}  // namespace

std::string key_page_content(const KeyChallenge& asked) {
  return fmt::format(
      "<form method=\"post\" action=\"{}\" id=\"assertion\" autocomplete=\"off\" data-challenge=\"{}\" "
      "data-relying-party=\"{}\" data-credentials=\"{}\" data-user-verification=\"{}\">"
      "<p id=\"question\">{}</p><p id=\"hint\">Plug in your security key, choose the button, and touch the "
      "key "
      "when it blinks.</p><noscript><p class=\"notice\" role=\"alert\">Your security key can only be asked "
      "by a "
      "script of this page (WebAuthn). Allow scripts for this site and load the page again.</p></noscript>"
      "<input type=\"hidden\" name=\"response\"><p id=\"said\" role=\"status\"></p>"
      "<p id=\"failed\" class=\"notice\" role=\"alert\" hidden></p>"
      "<button type=\"button\" id=\"touch\" aria-describedby=\"question hint\" disabled>Use the security "
      "key</button></form><script>{}</script>",
      kAnswerPath, escape_html(asked.challenge), escape_html(asked.relying_party),
      escape_html(joined(asked.credentials)), asked.user_verification ? "required" : "preferred",
      escape_html(asked.words), kScript);
}

const std::string& key_page_script_source() {
  static const std::string source =
      fmt::format("'sha256-{}'", to_base64(from_hex(Sha256::hex_of(kScript)).value_or("")));
  return source;
}

}  // namespace sallyport
