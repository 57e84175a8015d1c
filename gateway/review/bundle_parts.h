// What writing and checking a bundle share: its files in their order, and the story that its records tell.
// Pure. Runs in: sallyport.
#pragma once

#include <string>
#include <vector>

#include "gateway/audit/proof.h"
#include "gateway/review/session_page.h"

namespace sallyport::bundle {

inline constexpr const char* kReadMe = "README.txt";
inline constexpr const char* kKey = "journal-key.pub";
inline constexpr const char* kHead = "head.note";
inline constexpr const char* kProofs = "records.proofs";
inline constexpr const char* kFacts = "session.json";
// Then the recordings, as the journal names them, in the order of their records.
inline constexpr const char* kPage = "report.html";
inline constexpr const char* kSums = "SHA256SUMS";

extern const char* const kReadMeText;

// Of proved records. An Error: they are not those of one grant that is over, or name a recording that no gate
// would make.
Result<SessionStory> story_of(Proven proven, const std::string& signer, const std::string& version);
// "SHA-256  NAME", as sha256sum -c reads it.
std::string sum_line(const std::string& sha256, const std::string& name);
std::string facts_text(const SessionStory& story);
// How many bytes of the next recording the page shows, when it has so many already.
std::size_t share_of_page(std::size_t shown);

}  // namespace sallyport::bundle
