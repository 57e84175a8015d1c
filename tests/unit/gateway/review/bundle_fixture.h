// A bundle of a session in a journal, as the console writes it. Runs in: tests.
#pragma once

#include <fcntl.h>

#include "gateway/audit/proof.h"
#include "gateway/review/bundle.h"
#include "gateway/review/recording_bytes.h"
#include "gateway/review/selection.h"
#include "tests/catch.h"
#include "tests/unit/gateway/review/review_fixture.h"

namespace sallyport {

struct Bundle {
  ReviewFixture f;
  std::filesystem::path path = f.folder.path() / "bundle.tar";

  explicit Bundle(const std::string& output = "$ ls\r\nhmc\r\n",
                  const std::string& file = "/dump/SYSDUMP.1") {
    f.enable("g-1");
    f.play("g-1", "s-1", output, file);
    f.enable("g-2");
    f.sign();
    const auto done = write();
    INFO((done ? std::string{} : done.error().message()));
    REQUIRE(done);
  }

  HeadVerifier key() const {
    return HeadVerifier::from_text(contents_of(head_verifier_file(f.folder.path()))).value();
  }
  std::string note() const { return read_last_heads(heads_file(f.folder.path())).value().notes.back(); }

  std::string proofs(const std::string& name) const {
    const auto files = journal_files(f.place()).value();
    Story story{name};
    our_bug(
        !walk_journal(files, [&](const Record& record, const Place&) { return story.learn(record), Done{}; }),
        "walk");
    const auto wanted = [&](const RecordView& view) { return story.holds(take_apart(view.line).value()); };
    return make_proofs(files, wanted, key().open(note()).value(), note()).value();
  }

  Done write(const std::string& name = "s-1") const {
    const UniqueFd out{::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)};
    const BundleSource source{proofs(name), note(), contents_of(head_verifier_file(f.folder.path())), "1.2.3",
                              [&](const std::string& session, std::uint64_t channel) {
                                const auto file = fmt::format("recordings/{}/{}.cast", session, channel);
                                return open_recording((f.folder.path() / file).string());
                              }};
    return write_bundle(source, out.get());
  }

  Result<CheckedBundle> check(const std::optional<HeadVerifier>& by = {}) const {
    const UniqueFd in{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
    return check_bundle(in.get(), by, "1.2.3");
  }
  std::string problem() const {
    const auto checked = check(key());
    return checked ? std::string{} : checked.error().message();
  }
};

}  // namespace sallyport
