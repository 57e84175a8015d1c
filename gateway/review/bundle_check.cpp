// Runs in: sallyport.
#include "gateway/review/bundle.h"

#include <algorithm>

#include "gateway/review/bundle_parts.h"
#include "gateway/review/tar.h"
#include "gateway/review/values.h"

namespace sallyport {

namespace {

constexpr std::size_t kKiB = 1024, kMiB = 1024 * 1024;

class BundleCheck {
 public:
  BundleCheck(int in, const std::optional<HeadVerifier>& key, const std::string& version)
      : tar_(in), version_(version), key_(key) {}

  Result<CheckedBundle> run() {
    RETURN_IF_ERROR(take(bundle::kReadMe, 64 * kKiB));
    ASSIGN_OR_RETURN(checked_.key,
                     take(bundle::kKey, 4 * kKiB, [&](const std::string& text) { return on_key(text); }));
    RETURN_IF_ERROR(take(bundle::kHead, 64 * kKiB, [&](const std::string& text) { return on_head(text); }));
    RETURN_IF_ERROR(
        take(bundle::kProofs, 256 * kMiB, [&](const std::string& text) { return on_proofs(text); }));
    RETURN_IF_ERROR(
        take(bundle::kFacts, 256 * kMiB, [&](const std::string& text) { return on_facts(text); }));
    for (auto& recording : checked_.story.recordings) RETURN_IF_ERROR(take(recording));
    RETURN_IF_ERROR(take(bundle::kPage, 256 * kMiB, [&](const std::string& text) { return on_page(text); }));
    const auto sums = sums_;
    RETURN_IF_ERROR(
        take(bundle::kSums, 4 * kMiB, [&](const std::string& text) { return on_sums(text, sums); }));
    const auto more = tar_.next();
    if (!more) return tl::unexpected{more.error().within("its end")};
    if (*more) return fail("{} stands behind the last file of a bundle", (*more)->name);
    return std::move(checked_);
  }

 private:
  using Look = std::function<Done(const std::string&)>;

  Result<TarFile> next(const std::string& name, std::uint64_t most) {
    auto read = tar_.next();
    if (!read) return tl::unexpected{read.error().within(name)};
    const auto& file = *read;
    if (!file) return fail("{} is missing", name);
    if (file->name != name) return fail("{} is missing: {} stands in its place", name, file->name);
    if (file->size > most) return fail("{} holds {} bytes, more than {}", name, file->size, most);
    return *file;
  }

  // All of the file called `name`, piece by piece.
  Done read_through(const std::string& name, const std::function<void(std::string_view)>& each) {
    for (;;) {
      const auto piece = tar_.piece();
      if (!piece) return tl::unexpected{piece.error().within(name)};
      if (piece->empty()) return {};
      each(*piece);
    }
  }

  // The next file, which must be of this name, whole in memory.
  Result<std::string> take(const std::string& name, std::size_t most, const Look& look = {}) {
    RETURN_IF_ERROR(next(name, most));
    std::string text;
    RETURN_IF_ERROR(read_through(name, [&](std::string_view piece) { text += piece; }));
    if (look)
      if (auto done = look(text); !done) return tl::unexpected{done.error().within(name)};
    sums_ += bundle::sum_line(Sha256::hex_of(text), name);
    return text;
  }

  // A recording may be large: hashed as it passes, and only the page's share of it kept.
  Done take(ShownRecording& recording) {
    ASSIGN_OR_RETURN(const auto file, next(recording.path, recording.size));
    if (file.size != recording.size)
      return fail("{} holds {} bytes, but {} were recorded", recording.path, file.size, recording.size);
    Sha256 sum;
    const auto share = bundle::share_of_page(shown_);
    RETURN_IF_ERROR(read_through(recording.path, [&](std::string_view piece) {
      sum.update(piece);
      recording.text.append(piece, 0, share - std::min(share, recording.text.size()));
    }));
    shown_ += recording.text.size();
    const auto hex = sum.hex();
    if (hex != recording.sha256)
      return fail("{} is not what was recorded: its SHA-256 is another", recording.path);
    sums_ += bundle::sum_line(hex, recording.path);
    return {};
  }

  Done on_key(const std::string& text) {
    ASSIGN_OR_RETURN(const auto inside, HeadVerifier::from_text(text));
    if (key_ && key_->text() != inside.text()) return fail("it is not the key that was given");
    if (!key_)
      checked_.notes.push_back(
          "the signature was checked with the bundle's own key: compare it with the gate's");
    key_ = inside;
    return {};
  }

  Done on_head(const std::string& text) {
    ASSIGN_OR_RETURN(head_, key_->open(text));
    return {};
  }

  Done on_proofs(const std::string& text) {
    ASSIGN_OR_RETURN(auto proven, check_proofs(text, *key_));
    if (proven.head != head_) return fail("its proofs lead to another head than {}", bundle::kHead);
    ASSIGN_OR_RETURN(checked_.story, bundle::story_of(std::move(proven), key_->name(), version_));
    return {};
  }

  Done on_facts(const std::string& text) {
    if (text == bundle::facts_text(checked_.story)) return {};
    const auto made_by = member(parse_json(text, 2), "made_by");
    if (made_by.is_string() && made_by != version_) return note_other(bundle::kFacts);
    return fail("it does not say what the records say");
  }

  Done on_page(const std::string& text) {
    if (text.find(page_mark(version_)) == text.npos) return note_other(bundle::kPage);
    if (text == session_page(checked_.story)) return {};
    return fail("it does not say what the records say");
  }

  Done note_other(const char* name) {
    checked_.notes.push_back(fmt::format(
        "{} was made by another version, so it was not compared with the records: trust them, not it", name));
    return {};
  }

  static Done on_sums(const std::string& text, const std::string& found) {
    if (text == found) return {};
    std::size_t same = 0;
    while (same < text.size() && same < found.size() && text[same] == found[same]) ++same;
    const auto line = std::count(found.begin(), found.begin() + static_cast<std::ptrdiff_t>(same), '\n') + 1;
    auto name = found.substr(std::min(found.rfind('\n', same == 0 ? 0 : same - 1) + 1, found.size()));
    name = name.substr(0, name.find('\n'));
    return fail("line {} does not say what the bundle holds ({})", line,
                name.substr(std::min(name.rfind(' ') + 1, name.size())));
  }

  TarReader tar_;
  const std::string& version_;
  std::optional<HeadVerifier> key_;
  TreeHead head_;
  CheckedBundle checked_;
  std::string sums_;
  std::size_t shown_ = 0;
};

}  // namespace

Result<CheckedBundle> check_bundle(int in, const std::optional<HeadVerifier>& key,
                                   const std::string& version) {
  return BundleCheck{in, key, version}.run();
}

}  // namespace sallyport
