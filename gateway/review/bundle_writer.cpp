// Runs in: sallyport.
#include "gateway/review/bundle.h"

#include <algorithm>

#include "gateway/review/bundle_parts.h"
#include "gateway/review/recording_bytes.h"
#include "gateway/review/tar.h"

namespace sallyport {

namespace {

class BundleWriter {
 public:
  explicit BundleWriter(int out) : tar_(out) {}

  Done add(const std::string& name, const std::string& bytes) {
    sums_ += bundle::sum_line(Sha256::hex_of(bytes), name);
    return tar_.add(name, bytes);
  }

  // It must still be what the journal says, or the bundle would be none.
  Done add(ShownRecording& recording, UniqueFd file) {
    RecordingBytes bytes{std::move(file)};
    Sha256 sum;
    std::uint64_t had = 0;
    const auto share = bundle::share_of_page(shown_);
    RETURN_IF_ERROR(tar_.begin(recording.path, recording.size));
    for (std::string piece;; piece.clear()) {
      ASSIGN_OR_RETURN(const auto more, bytes.more(piece));
      had += piece.size();
      if (had > recording.size) break;
      if (!more) break;
      sum.update(piece);
      recording.text.append(piece, 0, share - std::min(share, recording.text.size()));
      RETURN_IF_ERROR(tar_.piece(piece));
    }
    const auto hex = sum.hex();
    if (had != recording.size || hex != recording.sha256)
      return fail("recording {} is not what the journal says: see 'sallyport audit verify'", recording.path);
    shown_ += recording.text.size();
    sums_ += bundle::sum_line(hex, recording.path);
    return tar_.end();
  }

  Done finish() {
    RETURN_IF_ERROR(tar_.add(bundle::kSums, sums_));
    return tar_.finish();
  }

 private:
  TarWriter tar_;
  std::string sums_;
  std::size_t shown_ = 0;
};

}  // namespace

Done write_bundle(const BundleSource& source, int out) {
  ASSIGN_OR_RETURN(const auto verifier, HeadVerifier::from_text(source.key));
  ASSIGN_OR_RETURN(auto proven, check_proofs(source.proofs, verifier));
  ASSIGN_OR_RETURN(auto story, bundle::story_of(std::move(proven), verifier.name(), source.version));
  BundleWriter writer{out};
  RETURN_IF_ERROR(writer.add(bundle::kReadMe, bundle::kReadMeText));
  RETURN_IF_ERROR(writer.add(bundle::kKey, source.key));
  RETURN_IF_ERROR(writer.add(bundle::kHead, source.note));
  RETURN_IF_ERROR(writer.add(bundle::kProofs, source.proofs));
  RETURN_IF_ERROR(writer.add(bundle::kFacts, bundle::facts_text(story)));
  for (auto& recording : story.recordings) {
    ASSIGN_OR_RETURN(auto file, source.open(story.row.session, recording.channel));
    RETURN_IF_ERROR(writer.add(recording, std::move(file)));
  }
  RETURN_IF_ERROR(writer.add(bundle::kPage, session_page(story)));
  return writer.finish();
}

}  // namespace sallyport
