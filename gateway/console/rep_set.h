// RepSet: a vendor's representatives in one signed file: names and public keys, no secret. Pure.
// Runs in: sallyport.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "auth/ssh_signature/enrolled_keys.h"
#include "base/result.h"

namespace sallyport {

// What ssh-keygen -Y sign is given with -n. Another one than a challenge's, so that neither serves as the
// other.
inline constexpr std::string_view kRepSetNamespace = "sallyport-reps";
inline constexpr std::size_t kLongestRepSet = 4 << 20, kMostRepsInSet = 1000;

struct RepInSet {
  std::string name, full_name, contact, account;
  // Of every role. Without any the rep answers by OCRA, and is given a secret where the set is imported.
  EnrolledKeys keys;
};

struct RepSet {
  std::string gate, time;  // where and when it was exported; for people
  std::vector<RepInSet> reps;

  // JSON, two spaces deep, names sorted, a newline at its end:
  //   {"format": "sallyport-reps-v1", "gate": …, "reps": [{"account": …, "contact": …, "full_name": …,
  //    "keys": ["key ssh-ed25519 AAAA… comment", …], "name": …}], "time": …}
  std::string text() const;
  // Refuses whatever text() does not write: members that are missing, unknown or of another kind, a rep
  // twice, a key that cannot be enrolled.
  static Result<RepSet> parse(std::string_view text);
};

// The file: the text, and behind it the armoured signature of exactly that text.
struct SignedRepSet {
  std::string_view text, signature;
  static Result<SignedRepSet> split(std::string_view file);
  // Error: not a signature of this text by this key, in the namespace of sets.
  Done check(const PublicKey& signer) const;
};

}  // namespace sallyport
