// What is sent of a record, held against the grammar of RFC 5424, section 6, and the form of journald's
// protocol. Runs in: tests.
#include <regex>

#include "gateway/send/journald_message.h"
#include "gateway/send/syslog_message.h"
#include "tests/catch.h"

using namespace sallyport;

namespace {

// RFC 5424, section 6, but for MSG: PRI and VERSION, TIMESTAMP, HOSTNAME, APP-NAME, PROCID, MSGID, one
// SD-ELEMENT.
const std::regex kHeader{R"(<(\d{1,3})>1 )"
                         R"((\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{1,6}Z) )"
                         R"(([!-~]{1,255}) ([!-~]{1,48}) ([!-~]{1,128}) ([!-~]{1,32}) )"
                         R"(\[sallyport@32473((?: [a-z_]{1,32}="(?:[^"\\\]]|\\["\\\]])*")+)\](?: |$))"};

std::string line_of(const nlohmann::json& fields, std::string event = "grant.revoked") {
  return to_line(7, from_rfc3339("2026-03-01T10:01:40.087514Z").value(), std::string(64, '0'),
                 {std::move(event), fields});
}

Report report_on(const std::string& line) { return report_of(scan_line(line).value()).value(); }

}  // namespace

TEST_CASE("a message is a header, what one searches by, and the journal's line as it stands") {
  const auto line = line_of({{"grant", "g-7k3m9q2x"}, {"session", "s-4f8w2c6n"}, {"by", "olga"}});
  const auto message = syslog_message(report_on(line), "gate.example.com", 10);
  const auto hash = parse_line(line).value().hash;
  CHECK(message ==
        "<85>1 2026-03-01T10:01:40.087514Z gate.example.com sallyport - grant.revoked "
        "[sallyport@32473 event=\"grant.revoked\" seq=\"7\" hash=\"" +
            hash + "\" grant=\"g-7k3m9q2x\" session=\"s-4f8w2c6n\" by=\"olga\"] " + line);
  CHECK(std::regex_search(message, kHeader, std::regex_constants::match_continuous));
}

TEST_CASE("whatever stands in a name, the grammar holds and the name comes back") {
  for (const std::string name : {"a\"b", "a\\b", "a]b", "\\\"]]\\", "[x@1 y=\"z\"]", "käthe ☃",
                                 "\xef\xbb\xbf"
                                 "bom",
                                 "a\nb\x1b[2J"}) {
    const auto line = line_of({{"by", name}});
    const auto message = syslog_message(report_on(line), "gate", 10);
    std::smatch found;
    REQUIRE(std::regex_search(message, found, kHeader, std::regex_constants::match_continuous));
    CHECK(message.substr(message.size() - line.size()) == line);
    const auto parameters = found[7].str();
    const auto at = parameters.find(" by=\"") + 5;
    std::string value;
    for (auto i = at; parameters[i] != '"'; ++i)
      value += parameters[i] == '\\' ? parameters[++i] : parameters[i];
    CHECK(value == name);
  }
}

TEST_CASE("a header's words are printable ASCII of the lengths that RFC 5424 gives them") {
  Report report{Severity::notice,
                "an event with spaces and far more than 32 characters",
                "2026-03-01T10:01:40.087514Z",
                {},
                "{}"};
  CHECK(std::regex_search(syslog_message(report, std::string(300, 'h'), 0), kHeader));
  CHECK(std::regex_search(syslog_message(report, "ga\tte ü", 23), kHeader));
  report.event = "";
  CHECK(std::regex_search(syslog_message(report, "", 10), kHeader));
}

TEST_CASE("the text begins with no byte order mark: readers of JSON stumble over it") {
  const auto message = syslog_message(report_on(line_of({{"by", "käthe"}})), "gate", 10);
  CHECK(message.find("\xef\xbb\xbf") == message.npos);
}

TEST_CASE("what does not fit a socket is told by its number and hash, and that its text was left out") {
  const auto report = report_on(line_of({{"reason", std::string(100'000, 'x')}}));
  const auto message = syslog_message_without_text(report, "gate", 10);
  CHECK(message.size() < 400);
  CHECK(message.find("seq=\"7\"") != message.npos);
  CHECK(message.find(fmt::format("left_out=\"{} bytes\"]", report.text.size())) != message.npos);
  CHECK(std::regex_match(message, kHeader));
}

TEST_CASE("a frame on a stream says how many octets follow, not characters") {
  CHECK(octet_counted("") == "0 ");
  CHECK(octet_counted("ü") == "2 ü");
}

TEST_CASE("events are as grave as the table says, and an alarm in a field counts") {
  const nlohmann::json none = nlohmann::json::object();
  CHECK(severity_of("journal.broken", none) == Severity::critical);
  CHECK(severity_of("firewall.changed", none) == Severity::error);
  CHECK(severity_of("login.failed", none) == Severity::warning);
  CHECK(severity_of("login.accepted", none) == Severity::notice);
  CHECK(severity_of("session.ended", none) == Severity::notice);
  CHECK(severity_of("session.file_refused", none) == Severity::warning);
  CHECK(severity_of("session.file", none) == Severity::informational);
  CHECK(severity_of("session.channel_closed", none) == Severity::informational);
  CHECK(severity_of("an.event_of_tomorrow", none) == Severity::informational);
  CHECK(severity_of("firewall.closed", {{"left", nlohmann::json::array()}}) == Severity::informational);
  CHECK(severity_of("firewall.closed", {{"left", {"element"}}}) == Severity::error);
  CHECK(severity_of("recording.closed", {{"alarm", "it was cut"}}) == Severity::error);
}

TEST_CASE("a break is a message of its own, without a number or a hash") {
  const auto report = report_of(Break{"/j/journal-00000002.jsonl", 7, "its hash is wrong"}, WallTime{});
  const auto message = syslog_message(report, "gate", 10);
  CHECK(message.starts_with("<82>1 1970-01-01T00:00:00.000000Z gate sallyport - journal.broken "));
  CHECK(message.find("journal-00000002.jsonl line 7: its hash is wrong") != message.npos);
  CHECK(message.find("seq=") == message.npos);
}

TEST_CASE("journald gets a field for each, and a value with a line end is told by its length") {
  const auto line = line_of({{"grant", "g-1"}, {"by", "a\nMESSAGE=forged"}});
  const auto datagram = journald_message(report_on(line), 10);
  for (const auto* field : {"PRIORITY=5\n", "SYSLOG_FACILITY=10\n", "SYSLOG_IDENTIFIER=sallyport\n",
                            "SALLYPORT_EVENT=grant.revoked\n", "SALLYPORT_SEQ=7\n", "SALLYPORT_GRANT=g-1\n"})
    CHECK(datagram.find(field) != datagram.npos);
  CHECK(datagram.find("SALLYPORT_RECORD=" + line + "\n") != datagram.npos);
  CHECK(datagram.find(std::string{"SALLYPORT_BY\n\x10\0\0\0\0\0\0\0a\nMESSAGE=forged\n", 37}) !=
        datagram.npos);
  CHECK(datagram.starts_with(std::string_view{"MESSAGE\n"}));
}

TEST_CASE("as OCSF only the text is another") {
  auto report = report_on(line_of({{"grant", "g-1"}, {"rep", "ann"}, {"peer", "192.0.2.7:40122"}}, "login.failed"));
  const auto before = report;
  translate_to_ocsf(report, "gate.example.com");
  const auto event = parse_json(report.text);
  CHECK(event.at("class_uid") == 3002);  // Authentication
  CHECK(report.names == before.names);
  CHECK(report.severity == before.severity);
}
