// SignatureParts: an answer that may need several prompts, because OpenSSH takes 1,023 bytes of one. Whether
// to ask on is decided by the peer's own bytes alone, whatever was asked and whoever asks (I11). Pure. Runs
// in: sallyport-ssh.
#pragma once

#include <cstdint>
#include <string>

#include "base/secret.h"

namespace sallyport {

class SignatureParts {
 public:
  enum class Next : std::uint8_t { complete, ask_more };

  SignatureParts() = default;
  SignatureParts(const SignatureParts&) = delete;
  SignatureParts& operator=(const SignatureParts&) = delete;
  ~SignatureParts() { wipe(text_); }

  // The answer to the first prompt, then to each further one. An empty part, part kMostSignatureParts and
  // kLongestSignature bytes end it, whatever is missing then.
  Next add(const Secret& part);
  // The number of the prompt that comes next, from 2.
  std::uint32_t next_part() const noexcept { return parts_ + 1; }
  // The whole answer: the parts with a line end between, which no signature minds; empty, hence wrong, when
  // they were too long. Nothing is left here.
  Secret take();

 private:
  std::string text_;
  std::uint32_t parts_ = 0;
  bool too_long_ = false;
};

// Whether `text` begins as a signature and is not the whole of one yet: armoured, without its last line; or
// the Base64 of an SSHSIG that by its own lengths goes on.
bool is_cut_signature(std::string_view text);

}  // namespace sallyport
