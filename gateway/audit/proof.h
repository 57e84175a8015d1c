// Proofs that records are in the journal, for somebody who has neither the journal nor this gate, only the
// public key. One JSON object a line: the record as it stands in the journal, and its proof in the format of
// transparency logs (C2SP tlog-proof), with the signed head in it. Runs in: sallyport.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "gateway/audit/signed_note.h"
#include "gateway/audit/walk.h"

namespace sallyport {

// Of every record that is `wanted`; `note` is a head that covers them, and says `head`.
Result<std::string> make_proofs(const std::vector<std::filesystem::path>& files,
                                const std::function<bool(const RecordView&)>& wanted, const TreeHead& head,
                                const std::string& note);

struct Proven {
  TreeHead head;  // of the last line; all lines may have their own
  std::vector<Record> records;
};
// Every line of such a file, or why one proves nothing.
Result<Proven> check_proofs(std::string_view text, const HeadVerifier& verifier);

}  // namespace sallyport
