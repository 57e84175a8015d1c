// [[send]]: what is accepted, and that a fault is refused with its line and what was expected (I8). Runs in:
// tests.
#include "policies/catalogue.h"
#include "tests/catch.h"
#include "tests/unit/policies/bad_file.h"

using namespace sallyport;

namespace {

struct Send : ConfigFolder {
  std::string problems_of(const std::string& tables) const {
    put("sallyport.toml", kGateTable + tables);
    return problems();
  }
  std::vector<Destination> read(const std::string& tables) const {
    put("sallyport.toml", kGateTable + tables);
    REQUIRE(problems() == "");
    return load_settings(path())->destinations;
  }
};

}  // namespace

TEST_CASE("without [[send]] nothing is sent") { CHECK(Send{}.read("").empty()); }

TEST_CASE("each kind of destination is read, with what it has by default") {
  const auto all = Send{}.read(R"(
[[send]]
name = "siem"
to = "tls:siem.example.com:6514"
ca = "/etc/sallyport/siem-ca.pem"
certificate = "/etc/sallyport/send.pem"
key = "/etc/sallyport/send.key"
receipt = "tcp"
facility = "local3"
from = "now"
patience = "5s"
lag_limit = "1h"
[[send]]
name = "six"
to = "tcp:[2001:db8::9]:601"
[[send]]
name = "local"
to = "unix:/dev/log"
format = "ocsf"
[[send]]
name = "journal"
to = "journald"
)");
  REQUIRE(all.size() == 4);
  CHECK(all[0].by == SendBy::tls);
  CHECK(all[0].host == "siem.example.com");
  CHECK(all[0].port.value() == 6514);
  CHECK(all[0].key == "/etc/sallyport/send.key");
  CHECK(all[0].receipt == Receipt::tcp);
  CHECK(all[0].facility == 19);
  CHECK(all[0].from == SendFrom::now);
  CHECK(all[0].patience == std::chrono::seconds{5});
  CHECK(all[0].lag_limit == std::chrono::hours{1});
  CHECK(all[1].by == SendBy::tcp);
  CHECK(all[1].host == "2001:db8::9");
  CHECK(all[1].from == SendFrom::start);
  CHECK(all[1].facility == 10);
  CHECK(all[2].by == SendBy::unix_socket);
  CHECK(all[2].socket == "/dev/log");
  CHECK(all[2].format == SendFormat::ocsf);
  CHECK(all[3].by == SendBy::journald);
  CHECK(all[3].socket == kJournaldSocket);
}

TEST_CASE("what a destination cannot be is refused at its line") {
  for (const auto* to :
       {"siem.example.com:6514", "udp:siem:514", "tls:siem.example.com", "tls::6514", "tls:siem:0",
        "tls:siem:65536", "tcp:2001:db8::9:601", "tcp:[192.0.2.1]:601", "tcp:[x]:1", "unix:dev/log",
        "unix:", "journald:", "journald:x", "", "tls:", "tls:a b:1", "TLS:siem:6514"}) {
    const auto problems = Send{}.problems_of(fmt::format("[[send]]\nname = \"siem\"\nto = \"{}\"\n", to));
    CAPTURE(to);
    CHECK(problems.find("sallyport.toml:6: ") != problems.npos);
    CHECK(problems.find("tls:siem.example.com:6514") != problems.npos);
  }
  const auto long_path = "unix:/" + std::string(107, 'x');
  CHECK(Send{}.problems_of("[[send]]\nname = \"x\"\nto = \"" + long_path + "\"\n") != "");
}

TEST_CASE("other faults of [[send]] are told, too") {
  const std::string good = "[[send]]\nname = \"siem\"\nto = \"tls:siem.example.com:6514\"\n";
  const auto told = [&](const std::string& more, const std::string& expected) {
    const auto problems = Send{}.problems_of(good + more);
    CAPTURE(problems, more);
    CHECK(problems.find(expected) != problems.npos);
  };
  told("certificate = \"/a\"\n", "one of 'certificate' and 'key'");
  told("ca = \"siem.pem\"\n", "expected a file's full path");
  told("receipt = \"fin\"\n", "'receipt' in [[send]] is \"fin\" (expected \"tls\" or \"tcp\")");
  told("format = \"xml\"\n", "expected \"json\" or \"ocsf\"");
  told("facility = \"mail\"\n", "\"authpriv\"");
  told("from = \"yesterday\"\n", "\"start\" or \"now\"");
  told("patience = \"0s\"\n", "patience");
  told("faciltiy = \"user\"\n", "facility");
  told(good, "as in another [[send]]");
  told("[[send]]\nname = \"a/b\"\nto = \"journald\"\n", "expected a-z");
  told("[[send]]\nto = \"journald\"\n", "name");
  told("[[send]]\nname = \"j\"\nto = \"journald\"\nca = \"/a\"\n", "for \"tls:…\" alone");
  told("[[send]]\nname = \"t\"\nto = \"tcp:a:1\"\nreceipt = \"tls\"\n",
       "'receipt' in [[send]] is for \"tls:…\" alone");
}
