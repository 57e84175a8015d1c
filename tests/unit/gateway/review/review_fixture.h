// A journal with a session in it, as the gate's own code writes it. Runs in: tests.
#pragma once

#include "base/file.h"
#include "gateway/audit/head_keeper.h"
#include "gateway/audit/recording_store.h"
#include "tests/unit/gateway/audit/journal_fixture.h"

namespace sallyport {

struct ReviewFixture : JournalFixture {
  std::unique_ptr<FileJournal> journal;

  explicit ReviewFixture(FileJournalOptions options = {}) : journal(open(std::move(options)).value()) {}

  void note(const char* event, nlohmann::json fields) {
    clock.advance(std::chrono::minutes{1});
    our_bug(!journal->append({event, std::move(fields)}, Weight::closing), "append");
  }

  void enable(const char* grant, const char* rep = "ann", const char* ticket = "CHG-1") {
    note("grant.enabled", {{"grant", grant},
                           {"rep", rep},
                           {"target", "hmc-a"},
                           {"policy", "hmc-ssh"},
                           {"networks", {"192.0.2.0/28"}},
                           {"enabled_by", "olga"},
                           {"uid", 1001},
                           {"ticket", ticket},
                           {"reason", "fan of frame 3"}});
    note("firewall.opened", {{"grant", grant}, {"open", {"element inet sallyport_live entry4"}}});
  }

  // A terminal that showed `output`, and its recording.
  void record(const std::string& session, std::uint32_t channel, const std::string& output) {
    auto store = RecordingStore::open(folder.path()).value();
    auto recording = store.create(session, channel).value();
    const auto text = "{\"version\":2,\"width\":80,\"height\":24,\"timestamp\":1772359310}\n" +
                      json_text({0.5, "o", "$ "}) + "\n" + json_text({62.25, "o", output}) + "\n";
    our_bug(!write_all(recording.take_writer().get(), text), "write");
    const auto sum = recording.finish().value();
    note("recording.closed", {{"session", session},
                              {"channel", channel},
                              {"path", sum.path},
                              {"size", sum.size},
                              {"sha256", sum.sha256}});
  }

  void play(const char* grant, const char* session, const std::string& output = "ls\r\n",
            const std::string& file = "/dump/SYSDUMP.1") {
    note("login.failed", {{"grant", grant}, {"rep", "ann"}, {"peer", "192.0.2.7:40121"}});
    note("login.accepted",
         {{"grant", grant}, {"rep", "ann"}, {"peer", "192.0.2.7:40122"}, {"method", "ocra"}});
    note("grant.claimed", {{"grant", grant},
                           {"session", session},
                           {"peer", "192.0.2.7:40122"},
                           {"end_by", "2026-03-01T14:01:50.000000Z"}});
    note("session.connected", {{"grant", grant}, {"session", session}, {"target_address", "198.51.100.20"}});
    note("session.channel", {{"grant", grant},
                             {"session", session},
                             {"channel", 1},
                             {"kind", "shell"},
                             {"terminal", true},
                             {"command", ""},
                             {"masked_after", {"PIN for * is"}},
                             {"recording", std::string{"recordings/"} + session + "/1.cast"}});
    note("session.file", {{"grant", grant},
                          {"session", session},
                          {"channel", 2},
                          {"direction", "from-target"},
                          {"path", file},
                          {"size", 700},
                          {"sha256", std::string(64, 'a')},
                          {"complete", true},
                          {"kind", "system dump"}});
    record(session, 1, output);
    note("session.ended", {{"grant", grant},
                           {"session", session},
                           {"reason", "the rep left"},
                           {"to_target", 20},
                           {"from_target", 900},
                           {"files", {{{"direction", "from-target"}, {"count", 1}, {"bytes", 700}}}}});
    note("firewall.closed", {{"grant", grant}, {"left", nlohmann::json::array()}});
  }

  // Heads are signed over what is there now.
  void sign() {
    SystemRandom random;
    HeadOptions options;
    options.state = folder.path();
    options.name = "gate/journal";
    auto keeper = HeadKeeper::open(std::move(options), random).value();
    our_bug(!keeper.sign({journal->head().seq, journal->tree().root()}, clock.boot()), "sign");
  }
};

}  // namespace sallyport
