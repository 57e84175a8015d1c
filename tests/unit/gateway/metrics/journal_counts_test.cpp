// What the journal says in numbers. Runs in: tests.
#include "gateway/metrics/journal_counts.h"

#include <map>
#include <sstream>

#include "tests/catch.h"

using namespace sallyport;
using nlohmann::json;

namespace {

struct Fold {
  JournalCounts counts;
  std::uint64_t seq = 0;

  void see(const char* event, json fields = json::object()) {
    Record record;
    record.seq = ++seq;
    record.time = from_rfc3339("2026-03-01T10:00:00.000000Z").value() + std::chrono::seconds{seq};
    record.event = event;
    record.fields = std::move(fields);
    counts.see(record);
  }
  void enable(const char* grant) { see("grant.enabled", {{"grant", grant}}); }
  void claim(const char* grant, const char* session) {
    see("grant.claimed", {{"grant", grant}, {"session", session}});
  }
  // Samples by name and label, without `_created`.
  std::map<std::string, double> samples() const {
    Exposition out;
    counts.write(out);
    std::map<std::string, double> found;
    std::istringstream lines{std::move(out).finish()};
    for (std::string line; std::getline(lines, line);)
      if (line.front() != '#' && line.find("_created") == line.npos)
        found[line.substr(0, line.rfind(' '))] = std::stod(line.substr(line.rfind(' ')));
    return found;
  }
  double operator[](const std::string& name) const { return samples().at(name); }
};

}  // namespace

TEST_CASE("grants and sessions are in the state that the journal left them in") {
  Fold f;
  for (const char* const grant : {"g-1", "g-2", "g-3", "g-4"}) f.enable(grant);
  f.claim("g-1", "s-1");
  f.see("grant.locked", {{"grant", "g-2"}, {"failures", 3}});
  f.see("grant.expired", {{"grant", "g-3"}});
  CHECK(f["sallyport_grants{state=\"armed\"}"] == 1);
  CHECK(f["sallyport_grants{state=\"active\"}"] == 1);
  CHECK(f["sallyport_grants{state=\"locked\"}"] == 1);
  CHECK(f["sallyport_sessions"] == 1);
  SECTION("a released grant is armed again and has no session") {
    f.see("grant.released", {{"grant", "g-1"}, {"session", "s-1"}, {"reason", "refused"}});
    CHECK(f["sallyport_grants{state=\"armed\"}"] == 2);
    CHECK(f["sallyport_sessions"] == 0);
  }
  SECTION("the session of a revoked grant runs until it has ended") {
    f.see("grant.revoked", {{"grant", "g-1"}, {"by", "olga"}, {"reason", ""}, {"session", "s-1"}});
    CHECK(f["sallyport_grants{state=\"active\"}"] == 0);
    CHECK(f["sallyport_sessions"] == 1);
    f.see("session.ended", {{"grant", "g-1"}, {"session", "s-1"}, {"reason", "revoked by olga"}});
    CHECK(f["sallyport_sessions"] == 0);
  }
  SECTION("an unlocked grant is armed") {
    f.see("grant.unlocked", {{"grant", "g-2"}, {"by", "olga"}});
    CHECK(f["sallyport_grants{state=\"locked\"}"] == 0);
    CHECK(f["sallyport_grants{state=\"armed\"}"] == 2);
  }
  CHECK(f["sallyport_grant_events_total{event=\"enabled\"}"] == 4);
}

TEST_CASE("a segment says what is live, and what it carries is not counted again") {
  Fold f;
  f.enable("g-old");
  f.claim("g-old", "s-old");
  f.see("journal.segment", {{"segment", 2}, {"carried", 4}});
  const auto carried = [&](const char* grant, const char* state, json more) {
    more.update({{"enabled", {{"grant", grant}}}, {"state", state}});
    f.see("journal.carried", {{"live", more}});
  };
  carried("g-1", "armed", json::object());
  carried("g-2", "active", {{"session", "s-2"}});
  carried("g-3", "revoked", {{"session", "s-3"}});
  carried("g-4", "spent", {{"session", "s-4"}, {"session_closed", 1U}});
  CHECK(f["sallyport_grants{state=\"armed\"}"] == 1);
  CHECK(f["sallyport_grants{state=\"active\"}"] == 1);
  CHECK(f["sallyport_sessions"] == 2);
  CHECK(f["sallyport_grant_events_total{event=\"enabled\"}"] == 1);
}

TEST_CASE("what passed is counted when the session has ended") {
  Fold f;
  f.see("session.file", {{"direction", "from-target"}, {"size", 7U}});
  f.see("session.file_refused", json::object());
  f.see("session.ended",
        {{"reason", "the rep left"},
         {"to_target", 2U},
         {"from_target", 3U},
         {"traffic", {{{"in_bytes", 10U}, {"out_bytes", 20U}}, {{"in_bytes", 1U}, {"out_bytes", 2U}}}}});
  CHECK(f["sallyport_session_bytes_total{direction=\"to-target\"}"] == 2);
  CHECK(f["sallyport_session_bytes_total{direction=\"from-target\"}"] == 3);
  CHECK(f["sallyport_network_bytes_total{direction=\"from-rep\"}"] == 11);
  CHECK(f["sallyport_network_bytes_total{direction=\"to-rep\"}"] == 22);
  CHECK(f["sallyport_file_bytes_total{direction=\"from-target\"}"] == 7);
  CHECK(f["sallyport_files_refused_total"] == 1);
  CHECK(f["sallyport_sessions_ended_total{reason=\"rep_left\"}"] == 1);
}

TEST_CASE("every reason of an end comes under one class, one that is not known under other") {
  CHECK(reason_class("the rep left") == "rep_left");
  CHECK(reason_class("nothing happened for 30m") == "idle");
  CHECK(reason_class("ended by olga: enough") == "ended");
  CHECK(reason_class("the worker is gone") == "worker_failed");
  CHECK(reason_class("it cannot be recorded: no room") == "not_recorded");
  CHECK(reason_class("") == "other");
  CHECK(reason_class("sunspots") == "other");
}

TEST_CASE("logins, firewall operations and alarms are counted by what they are") {
  Fold f;
  f.see("login.failed", {{"peer", "192.0.2.7:1"}});
  f.see("login.accepted");
  f.see("firewall.opened", {{"open", json::array()}});
  f.see("firewall.closed", {{"left", json::array()}});
  f.see("firewall.closed", {{"left", {"an element"}}});
  f.see("grant.barred", {{"source", "192.0.2.9/32"}, {"failures", 10}});
  CHECK(f["sallyport_logins_total{result=\"failed\"}"] == 1);
  CHECK(f["sallyport_logins_total{result=\"accepted\"}"] == 1);
  CHECK(f["sallyport_firewall_operations_total{operation=\"closed\"}"] == 2);
  CHECK(f["sallyport_alarms_total{event=\"firewall.closed\"}"] == 1);
  CHECK(f["sallyport_alarms_total{event=\"grant.barred\"}"] == 1);
  CHECK(f["sallyport_journal_records_total"] == 6);
}

TEST_CASE("a record that was there before begins everything anew; what was broken stays so") {
  Fold f;
  f.enable("g-1");
  f.see("login.failed");
  f.counts.see_break();
  f.seq = 1;
  f.see("login.accepted");
  CHECK(f["sallyport_logins_total{result=\"failed\"}"] == 0);
  CHECK(f["sallyport_logins_total{result=\"accepted\"}"] == 1);
  CHECK(f["sallyport_grants{state=\"armed\"}"] == 0);
  CHECK(f["sallyport_journal_records_total"] == 2);
  CHECK(f["sallyport_journal_broken"] == 1);
}

TEST_CASE("fields of another type, and events of a later version, harm nothing") {
  Fold f;
  for (const char* const event :
       {"grant.enabled", "grant.claimed", "session.ended", "session.file", "journal.carried",
        "recording.closed", "grant.renamed", "coffee.made", "login.", "firewall.closed"})
    for (const auto& odd : {json::object(), json{{"grant", 1},
                                                 {"session", json::array()},
                                                 {"reason", 7},
                                                 {"size", "x"},
                                                 {"traffic", {1, "a"}},
                                                 {"live", {{"enabled", 2}}},
                                                 {"left", 1}}})
      f.see(event, odd);
  CHECK(f["sallyport_journal_records_total"] == 20);
}
