// Signatures by the representative's own ssh-keygen, which knows every kind of key: files, with a passphrase
// or without, ssh-agent's, certificates, FIDO security keys. Runs in: sallyport-respond (as the
// representative).
#pragma once

#include <filesystem>
#include <string>

#include "auth/respond/challenge.h"
#include "auth/respond/person.h"
#include "base/result.h"

namespace sallyport {

// A text that the person has been shown: the only thing that is ever signed. See show_text().
class ShownText {
 public:
  const std::string& text() const noexcept { return text_; }

 private:
  explicit ShownText(std::string text) : text_(std::move(text)) {}
  friend ShownText show_text(Person& person, const TextToSign& text, std::string_view in_lines);
  std::string text_;
};

// Shows the meaning (in_lines() of check_challenge.h, and what else there is to say).
ShownText show_text(Person& person, const TextToSign& text, std::string_view in_lines);

// The named key, else ~/.config/sallyport/key, else the first of ssh's own in ~/.ssh. Error: there is none.
Result<std::filesystem::path> find_key(const std::optional<std::filesystem::path>& named);

// The signature's Base64, without armour. Passphrases and PINs are asked for by this program as ssh-keygen's
// askpass program.
Result<std::string> sign(const ShownText& text, const std::filesystem::path& key);

// What stands between the two lines of its armour, if it is an SSHSIG. Error: it is not.
Result<std::string> unarmoured(std::string_view armoured);

}  // namespace sallyport
