// The evidence bundle: one archive with all that the journal and the recordings tell of one session, and the
// proofs. Written beside the gate; checked anywhere, by anybody, without a gate and without root.
// Runs in: sallyport.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/unique_fd.h"
#include "gateway/audit/signed_note.h"
#include "gateway/review/session_page.h"

namespace sallyport {

struct BundleSource {
  std::string proofs;   // of its records, as make_proofs() writes them
  std::string note;     // the signed head that they lead to
  std::string key;      // its verifier's text
  std::string version;  // of the program
  // Opens one of the session's recordings.
  std::function<Result<UniqueFd>(const std::string& session, std::uint64_t channel)> open;
};
// Appends the archive to `out`.
Done write_bundle(const BundleSource& source, int out);

struct CheckedBundle {
  SessionStory story;
  std::string key;                 // the text of the key that signed, whoever gave it
  std::vector<std::string> notes;  // what a reader should know, although nothing is wrong
};
// Reads the archive once, from the start of `in`, in memory that a hostile one cannot choose. `key`: the
// verifier to trust; without it the one in the bundle, which shows that the parts belong together, not whose
// they are. An Error names the first thing that is wrong.
Result<CheckedBundle> check_bundle(int in, const std::optional<HeadVerifier>& key,
                                   const std::string& version);

}  // namespace sallyport
