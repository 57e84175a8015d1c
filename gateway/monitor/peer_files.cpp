// A peer's files, as its worker tells of them: journaled one by one, counted, and bounded.
// Runs in: sallyportd (privileged). Never reads a peer's bytes.
#include "gateway/monitor/peer.h"
#include "gateway/monitor/sessions.h"

namespace sallyport {

namespace {

Entry no_more_files(std::uint32_t channel) {
  return {"session.files_unlisted", {{"channel", channel}, {"limit", FileAccount::kMostBytes}}};
}

}  // namespace

// I6: under a policy that restricts files, what cannot be listed does not go on.
void Peer::on(TellFile& told) {
  Session* const session = this->session();
  if (session == nullptr) return;
  if (!has_channel(*session, told.channel))
    return on_worker_gone("the worker tells of a file on a channel that is not open");
  if (auto checked = check_file(told); !checked)
    return on_worker_gone("the worker tells of " + checked.error().message());
  auto entry = file_entry(told);
  const auto room = session->files.count(told, json_text(entry.fields).size());
  if (room == FileAccount::Room::none) return;
  const bool last = room == FileAccount::Room::for_the_last_word;
  if (last) entry = no_more_files(told.channel);
  entry.fields["session"] = session->name;
  entry.fields["grant"] = grant_->value();
  if (session->ending) return gate_.ledger.note_closing(entry);
  if (auto noted = gate_.ledger.note(entry); !noted) {
    gate_.ledger.note_closing(entry);
    return end_session(gate_, *grant_, "it cannot be recorded: " + noted.error().message());
  }
  const Policy policy = policy_of(gate_, *gate_.ledger.find(grant_->value()));
  if (last && policy.files != FileWays::both)
    end_session(gate_, *grant_, "more files than the journal may list, and the policy restricts files");
}

}  // namespace sallyport
