// Every example of docs/JOURNAL.md becomes an event that OCSF accepts, as docs/OCSF.md says. Runs in: tests.
#include "gateway/ocsf/ocsf.h"

#include <sstream>

#include "gateway/audit/members.h"
#include "tests/catch.h"
#include "tests/unit/gateway/audit/journal_fixture.h"
#include "tests/unit/gateway/ocsf/ocsf_facts.h"

using namespace sallyport;
using nlohmann::json;

namespace {

const OcsfSource kSource{"gate.example.com", "0.1.0"};

std::string document(const char* name) {
  return contents_of(std::filesystem::path{SALLYPORT_SOURCE_DIR} / "docs" / name);
}

std::vector<json> examples() {
  std::vector<json> records;
  std::istringstream lines{document("JOURNAL.md")};
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with("{\"")) records.push_back(json::parse(line));
  return records;
}

// The first example of an event, with other values for some of its fields.
json example(const std::string& event, const json& changes = json::object()) {
  for (auto& record : examples())
    if (record["event"] == event) return record.update(changes), record;
  FAIL("no example of " << event);
  return {};
}

void check_objects(const json& value) {
  for (const auto& [key, member] : value.items()) {
    if (key == "unmapped" || !member.is_structured()) continue;
    INFO(key << ": " << member.dump());
    if (const auto facts = kOcsfObjects.find(key); facts != kOcsfObjects.end()) {
      for (const auto& required : facts->second.required) CHECK(member.contains(required));
      const auto& some = facts->second.one_of;
      CHECK(
          (some.empty() || std::ranges::any_of(some, [&](const auto& one) { return member.contains(one); })));
    }
    check_objects(member);
  }
}

void check_event(const json& event) {
  INFO(event.dump(2));
  for (const auto& key : kOcsfRequired) REQUIRE(event.contains(key));
  const int class_uid = event["class_uid"], activity = event["activity_id"];
  REQUIRE(kOcsf.contains(class_uid));
  const auto& facts = kOcsf.at(class_uid);
  CHECK(event["class_name"] == facts.name);
  CHECK(event["category_uid"] == facts.category);
  CHECK(event["type_uid"] == class_uid * 100 + activity);
  if (activity != 99) {
    REQUIRE(facts.activities.contains(activity));
    CHECK(event["activity_name"] == facts.activities.at(activity));
  }
  CHECK((event["severity_id"] >= 1 && event["severity_id"] <= 5));
  for (const auto& key : facts.required) CHECK(event.contains(key));
  for (const auto& [key, value] : event.items()) {
    INFO(key);
    CHECK((kOcsfRequired.contains(key) || kOcsfOptional.contains(key) || facts.required.contains(key) ||
           facts.own.contains(key)));
  }
  CHECK(event["time"].is_number_integer());
  check_objects(event);
}

// Every text and number anywhere in it.
void gather(const json& value, std::multiset<std::string>& leaves) {
  if (!value.is_structured()) {
    leaves.insert(value.is_string() ? value.get<std::string>() : value.dump());
    return;
  }
  for (const auto& member : value) gather(member, leaves);
}

void check_nothing_is_lost(const json& record, const json& event) {
  std::multiset<std::string> before, after;
  gather(record, before);
  gather(event, after);
  for (const auto& [key, value] : record.items()) {
    if (value.is_structured()) continue;
    // `peer` and `reached` are taken apart.
    const auto text = value.is_string() ? value.get<std::string>() : value.dump();
    INFO(key << " " << text << " " << event.dump());
    const bool apart = key == "peer" || key == "reached";
    CHECK(after.contains(apart ? text.substr(0, text.rfind(':')) : text));
  }
}

}  // namespace

TEST_CASE("every event of the journal becomes an event of its class, and nothing is lost") {
  for (const auto& record : examples()) {
    INFO(record.dump());
    const auto event = to_ocsf(record, kSource);
    check_event(event);
    check_nothing_is_lost(record, event);
    CHECK(event["class_uid"] != 0);
    CHECK(event["metadata"]["version"] == "1.3.0");
    CHECK(event["metadata"]["uid"] == record["hash"]);
    CHECK(event["metadata"]["sequence"] == record["seq"]);
    CHECK(event["metadata"]["original_time"] == record["time"]);
    CHECK(event["metadata"]["event_code"] == record["event"]);
    CHECK(event.value("/metadata/correlation_uid"_json_pointer, json{}) == record.value("grant", json{}));
  }
}

TEST_CASE("docs/OCSF.md says which class, activity and severity an event becomes") {
  std::set<std::string> told;
  std::istringstream lines{document("OCSF.md")};
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("| `")) continue;
    std::vector<std::string> cells;
    std::istringstream row{line.substr(2)};
    for (std::string cell; std::getline(row, cell, '|');)
      cells.push_back(cell.substr(cell.find_first_not_of(' '),
                                  cell.find_last_not_of(' ') - cell.find_first_not_of(' ') + 1));
    if (cells.size() != 4) continue;  // the table of attributes
    std::istringstream names{cells[0]};
    for (std::string name; names >> name;) {
      const auto event = name.substr(1, name.size() - 2);
      INFO(line << " " << event);
      told.insert(event);
      const auto made = to_ocsf(example(event), kSource);
      CHECK(fmt::format("{} ({})", text_of(made, "class_name"), made["class_uid"].get<int>()) == cells[1]);
      CHECK(fmt::format("{} ({})", text_of(made, "activity_name"), made["activity_id"].get<int>()) ==
            cells[2]);
      CHECK(text_of(made, "severity") == cells[3]);
    }
  }
  for (const auto& record : examples()) CHECK(told.contains(record["event"]));
}

TEST_CASE("who, from where, to where, how much") {
  const auto login = to_ocsf(example("login.accepted"), kSource);
  CHECK(login["user"]["name"] == "ann");
  CHECK(login["src_endpoint"] == json{{"ip", "192.0.2.7"}, {"port", 40124}});
  CHECK(login["status"] == "Success");
  CHECK(login["time"] == 1772359299889);
  const auto stranger = to_ocsf(example("login.failed"), kSource);
  CHECK(stranger["user"]["type_id"] == 0);
  CHECK(stranger["status"] == "Failure");
  const auto enabled = to_ocsf(example("grant.enabled"), kSource);
  CHECK(enabled["actor"]["user"] == json{{"name", "olga"}, {"uid", "1001"}});
  CHECK(enabled["entity"]["user"]["name"] == "ann");
  CHECK(enabled["unmapped"]["ticket"] == "CASE-4711");
  const auto ended = to_ocsf(example("session.ended"), kSource);
  CHECK(ended["traffic"] == json{{"bytes_in", 734228054}, {"bytes_out", 2412}, {"bytes", 734230466}});
  CHECK(ended["status_detail"] == "the rep left");
  const auto connected = to_ocsf(example("session.connected"), kSource);
  CHECK(connected["class_uid"] == 4007);
  CHECK(connected["dst_endpoint"]["ip"] == "198.51.100.20");
  const auto file = to_ocsf(example("session.file"), kSource);
  CHECK(file["file"]["hashes"][0]["algorithm_id"] == 3);
  CHECK(file["actor"]["session"]["uid"] == "s-4f8w2c6n");
}

TEST_CASE("what is alarming is a finding, or the failed end of a connection") {
  const auto left = to_ocsf(example("firewall.closed", {{"left", {"element inet x"}}}), kSource);
  check_event(left);
  CHECK(left["class_uid"] == 2004);
  CHECK(left["severity"] == "High");
  CHECK(left["finding_info"]["title"] == "left open in the kernel: element inet x");
  auto cut = example("recording.closed", {{"alarm", "it was cut"}});
  for (const char* const key : {"path", "size", "sha256"}) cut.erase(key);
  CHECK(to_ocsf(cut, kSource)["class_uid"] == 2004);
  const auto ended = to_ocsf(example("session.ended", {{"reason", "the worker is gone"}}), kSource);
  check_event(ended);
  CHECK(ended["class_uid"] == 4001);
  CHECK(ended["status"] == "Failure");
  CHECK(ended["severity"] == "High");
}

TEST_CASE("a break in the journal, which no record tells, is a critical finding") {
  const json broken{{"event", "journal.broken"},
                    {"problem", "journal-00000001.jsonl line 7: broken"},
                    {"time", "2026-03-01T10:00:00.000000Z"}};
  const auto event = to_ocsf(broken, kSource);
  check_event(event);
  check_nothing_is_lost(broken, event);
  CHECK(event["class_uid"] == 2004);
  CHECK(event["severity"] == "Critical");
  CHECK(event["message"] == broken["problem"]);
  CHECK(event["finding_info"]["uid"] == broken["problem"]);
}

TEST_CASE("a record of a later version, or none at all, becomes a base event with all that it says") {
  const auto later = to_ocsf({{"event", "coffee.made"}, {"seq", 7}, {"cups", 2}}, kSource);
  check_event(later);
  CHECK(later["class_uid"] == 0);
  CHECK(later["type_uid"] == 99);
  CHECK(later["unmapped"]["cups"] == 2);
  for (const auto& odd :
       {json{}, json::array({1}), json("text"), json{{"event", 1}, {"time", json::object()}}})
    check_event(to_ocsf(odd, kSource));
}

TEST_CASE("fields of another type than expected stay as they are") {
  for (const auto& record : examples()) {
    auto odd = record;
    for (auto& [key, value] : odd.items())
      if (key != "event") value = json::array({json::object()});
    check_event(to_ocsf(odd, kSource));
  }
}
