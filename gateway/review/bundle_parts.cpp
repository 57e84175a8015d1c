// Runs in: sallyport.
#include "gateway/review/bundle_parts.h"

#include <algorithm>
#include <set>

#include "gateway/review/grant_rows.h"
#include "gateway/review/selection.h"
#include "gateway/review/values.h"

namespace sallyport::bundle {

namespace {

// The paths that a gate gives; another would be somebody else's record, or an attack on who unpacks it.
Result<ShownRecording> recording_of(const Record& record) {
  ShownRecording recording;
  recording.channel = number_of(record.fields, "channel");
  recording.size = number_of(record.fields, "size");
  recording.path = text_field(record, "path");
  recording.sha256 = text_field(record, "sha256");
  const auto session = text_field(record, "session");
  const bool plain = session.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == session.npos;
  if (session.empty() || !plain ||
      recording.path != fmt::format("recordings/{}/{}.cast", session, recording.channel))
    return fail("record {} names no recording as a gate makes them", record.seq);
  return recording;
}

}  // namespace

const char* const kReadMeText =
    "An evidence bundle of Sallyport: what the journal and the recordings of a gate tell of one session.\n"
    "\n"
    "report.html      for people; any browser, no network\n"
    "session.json     the same for programs\n"
    "records.proofs   each record of the session, and the proof that it is in the journal as it was signed\n"
    "head.note        the signed head of the journal that the proofs lead to\n"
    "journal-key.pub  who signed it: compare it with what the gate's owner published\n"
    "recordings/      what was on the terminals (asciicast v2), named with size and SHA-256 by the records\n"
    "SHA256SUMS       sha256sum -c SHA256SUMS\n"
    "\n"
    "To check all of it: sallyport audit verify-bundle FILE --key journal-key.pub\n"
    "Without our programs: docs/JOURNAL.md has scripts for the proofs and the head.\n"
    "It proves that these records are in the journal, not that the journal holds no others of this session:\n"
    "that needs the journal.\n";

Result<SessionStory> story_of(Proven proven, const std::string& signer, const std::string& version) {
  SessionStory story;
  GrantRows rows{{}};
  std::set<std::string> paths;
  std::uint64_t last = 0;
  for (const auto& record : proven.records) {
    if (record.seq <= last) return fail("record {} stands behind record {}", record.seq, last);
    last = record.seq;
    rows.take(record);
    if (record.event != "recording.closed" || record.fields.contains("alarm")) continue;
    ASSIGN_OR_RETURN(auto recording, recording_of(record));
    if (!paths.insert(recording.path).second)
      return fail("record {} names {} again", record.seq, recording.path);
    story.recordings.push_back(std::move(recording));
  }
  const auto found = rows.wanted();
  if (found.size() != 1) return fail("the records are those of {} grants", found.size());
  story.row = *found.front();
  if (!story.row.is_over()) return fail("{} is not over yet: it is {}", story.row.grant, story.row.state);
  story.name = story.row.session.empty() ? story.row.grant : story.row.session;
  story.records = std::move(proven.records);
  story.head_size = proven.head.size;
  story.signer = signer;
  story.version = version;
  return story;
}

std::string sum_line(const std::string& sha256, const std::string& name) {
  return sha256 + "  " + name + "\n";
}

std::string facts_text(const SessionStory& story) { return json_text(session_facts(story), 2) + "\n"; }

std::size_t share_of_page(std::size_t shown) {
  return std::min(kMostOfRecording, kMostOfRecordings - std::min(kMostOfRecordings, shown));
}

}  // namespace sallyport::bundle
