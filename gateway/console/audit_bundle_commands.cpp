// audit export and verify-bundle: a session handed on, and what was handed on checked. Runs in: sallyport.
#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>

#include "base/escape.h"
#include "base/file.h"
#include "gateway/audit/proof.h"
#include "gateway/console/audit_commands.h"
#include "gateway/console/audit_proof_commands.h"
#include "gateway/console/output.h"
#include "gateway/console/recording_desk.h"
#include "gateway/console/refusal.h"
#include "gateway/review/bundle.h"
#include "gateway/review/values.h"
#include "gateway/version/version.h"

namespace sallyport {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

struct ExportOptions {
  std::string name, out;
};

// Into a file of another name, which takes its own when it is whole.
class NewFile {
 public:
  explicit NewFile(const std::string& path) : path_(path), draft_(path + ".new") {}
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;
  ~NewFile() {
    if (fd_) ::unlink(draft_.c_str());
  }

  Result<int> open() {
    ::unlink(draft_.c_str());  // what a crash may have left
    fd_ = UniqueFd{::open(draft_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600)};
    if (!fd_) return fail_errno("creating {}", draft_);
    return fd_.get();
  }
  Done keep() {
    if (::fsync(fd_.get()) != 0) return fail_errno("syncing {}", draft_);
    if (::rename(draft_.c_str(), path_.c_str()) != 0) return fail_errno("renaming to {}", path_);
    fd_.reset();
    return {};
  }

 private:
  std::string path_, draft_;
  UniqueFd fd_;
};

Done export_session(ConsoleContext& context, const ExportOptions& options) {
  ASSIGN_OR_RETURN(auto found, prove_story(context.state, options.name));
  RecordingDesk desk{context, "export"};
  NewFile file{options.out};
  ASSIGN_OR_RETURN(const auto out, file.open());
  const BundleSource source{
      std::move(found.proofs), std::move(found.note), std::move(found.key), kVersion,
      [&](const std::string& session, std::uint64_t channel) { return desk.open(session, channel); }};
  RETURN_IF_ERROR(write_bundle(source, out));
  RETURN_IF_ERROR(file.keep());
  if (context.json)
    print_json({{"file", options.out}});
  else
    print(fmt::format("{} written; to check it: sallyport audit verify-bundle {} --key journal-key.pub\n",
                      escape_terminal(options.out), escape_terminal(options.out)));
  return {};
}

struct CheckOptions {
  std::string file, key;
};

void tell(const CheckedBundle& checked) {
  const auto& story = checked.story;
  const auto& row = story.row;
  print(fmt::format("{}: {} to {}, enabled by {}{}; {}\n", escape_terminal(story.name),
                    escape_terminal(row.rep), escape_terminal(row.target), escape_terminal(row.admin),
                    row.ticket.empty() ? "" : ", ticket " + escape_terminal(row.ticket),
                    escape_terminal(row.end_reason.empty() ? row.state : row.end_reason)));
  print(fmt::format(
      "{} records are in the journal of {} that was signed with {} records; {} recordings are as they "
      "were recorded\n",
      story.records.size(), escape_terminal(story.signer), story.head_size, story.recordings.size()));
  for (const auto& note : checked.notes) print("note: " + escape_terminal(note) + "\n");
  print("whole\n");
}

json to_json(const CheckedBundle& checked) {
  auto out = session_facts(checked.story);
  out["whole"] = true;
  out["key"] = checked.key.substr(0, checked.key.find('\n'));
  out["notes"] = checked.notes;
  return out;
}

Done verify_bundle(ConsoleContext& context, const CheckOptions& options) {
  std::optional<HeadVerifier> key;
  if (!options.key.empty()) {
    ASSIGN_OR_RETURN(key, read_verifier(options.key));
  }
  const UniqueFd file{::open(options.file.c_str(), O_RDONLY | O_CLOEXEC)};
  if (!file) return fail_errno("opening {}", options.file);
  const auto checked = check_bundle(file.get(), key, kVersion);
  if (!checked) return tl::unexpected{checked.error().within(options.file)};
  if (context.json)
    print_json(to_json(*checked));
  else
    tell(*checked);
  return {};
}

}  // namespace

void add_bundle_commands(const Command& audit, ConsoleContext& context) {
  const auto hand_on = audit.subcommand("export", "One archive with all about a session, and the proofs");
  auto what = std::make_shared<ExportOptions>();
  hand_on.option("name", what->name, "A session (s-…) or grant (g-…) that is over").required();
  hand_on.option("--out", what->out, "The file, a tar archive").required();
  hand_on.footer("Example: sallyport audit export s-4f8w2c6n --out s-4f8w2c6n.tar");
  hand_on.runs([&context, what] {
    if (auto done = export_session(context, *what); !done) refuse(context, done.error());
  });

  const auto check =
      audit.subcommand("verify-bundle", "Check what 'audit export' wrote; needs no gate and no root");
  auto bundle = std::make_shared<CheckOptions>();
  check.option("file", bundle->file, "The archive").required();
  check.option("--key", bundle->key, "The gate's journal-key.pub, from the gate's owner");
  check.footer("Example: sallyport audit verify-bundle s-4f8w2c6n.tar --key journal-key.pub");
  check.runs([&context, bundle] {
    if (auto done = verify_bundle(context, *bundle); !done) refuse(context, done.error());
  });
}

}  // namespace sallyport
