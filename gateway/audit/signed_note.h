// Signed heads: what the journal's tree is, signed so that a stranger can check it. The formats are those of
// transparency logs: C2SP signed-note (keys and signatures) and tlog-checkpoint (what is signed), Ed25519.
// Runs in: sallyportd, sallyport.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "base/result.h"
#include "base/secret.h"
#include "base/sha256.h"

namespace sallyport {

struct TreeHead {
  std::uint64_t size = 0;  // records
  Digest root{};
  bool operator==(const TreeHead&) const = default;
};

// The public half: "NAME+HASH+BASE64", as golang.org/x/mod/sumdb/note prints and reads it.
class HeadVerifier {
 public:
  static Result<HeadVerifier> from_text(std::string_view text);
  static HeadVerifier of(std::string name, std::string public_key);

  std::string text() const;
  const std::string& name() const noexcept { return name_; }
  // What a note says, if this key signed it. Other signatures in it, of witnesses, are not looked at.
  Result<TreeHead> open(std::string_view note) const;

 private:
  std::string name_, key_, hash_;  // raw bytes: 32 and 4
};

// The secret half: "PRIVATE+KEY+NAME+HASH+BASE64".
class HeadKey {
 public:
  // `name` is the journal's: a host name and what it is, without space or plus.
  static HeadKey make(std::string name, Random& random);
  static Result<HeadKey> from_text(const Secret& text);

  Secret text() const;
  const HeadVerifier& verifier() const noexcept { return verifier_; }
  std::string sign(const TreeHead& head) const;

 private:
  HeadKey(HeadVerifier verifier, Secret seed) : verifier_(std::move(verifier)), seed_(std::move(seed)) {}
  HeadVerifier verifier_;
  Secret seed_;
};

// The notes of a file that holds one behind the other, each followed by an empty line but perhaps the last.
// A note that was cut off at the end is left out: its writer lost power.
Result<std::vector<std::string>> split_notes(std::string_view text);

}  // namespace sallyport
