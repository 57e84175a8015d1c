// The console against a gate that a test wrote down: what it asks, what it prints, exit codes.
#include "tests/catch.h"
#include "tests/unit/gateway/console/fake_gate.h"

using namespace sallyport;

namespace {

const std::string kGrant =
    R"({"id":"g-7k3m9q2x","state":"armed","rep":"kim","target":"hmc1","policy":"hmc-ssh","networks":["203.0.113.0/24"],)"
    R"("enabled_by":"alice","enabled_at":"2026-01-31T10:00:00.000000Z","connect_by":"2026-01-31T10:30:00.000000Z",)"
    R"("session_limit":14400,"idle_limit":1800,"failed_logins":0,"ticket":"PMR 1"})";
const std::string kTell =
    R"~({"commands":["ssh kim@gate","ssh kim@192.0.2.1"],"fingerprints":["SHA256:abc (ED25519)"],"addresses":["192.0.2.1"]})~";

std::string ok(const std::string& result) { return R"({"ok":true,"result":)" + result + "}"; }

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("enable asks what was typed and prints what to tell the rep") {
  FakeGate gate{{ok(R"({"grant":)" + kGrant + R"(,"tell":)" + kTell + "}")}};
  const auto done = run({"enable", "--rep", "kim", "--target", "hmc1", "--policy", "hmc-ssh", "--from",
                         "203.0.113.0/24,2001:db8::/32", "--connect-within", "10m", "--for", "2h", "--ticket",
                         "PMR 1", "--reason", "disk", "--socket", gate.path()});
  CHECK(done.exit_code == 0);
  CHECK(done.err == "");
  CHECK(contains(done.out, "Grant g-7k3m9q2x is armed"));
  CHECK(contains(done.out, "connect by   2026-01-31 10:30:00 UTC"));
  CHECK(contains(done.out, "Tell the representative:\n  ssh kim@gate\n  or  ssh kim@192.0.2.1\n"));
  CHECK(contains(done.out, "SHA256:abc (ED25519)"));
  REQUIRE(gate.asked().size() == 1);
  CHECK(gate.asked()[0] == parse_json(R"({"ask":"enable","rep":"kim","target":"hmc1","policy":"hmc-ssh",
      "networks":["203.0.113.0/24","2001:db8::/32"],"connect_within":600,"session":7200,"ticket":"PMR 1","reason":"disk"})"));
}

TEST_CASE("a refusal is one line on standard error and exit code 1") {
  FakeGate gate{{R"({"ok":false,"refused":"no rep 'kin' (known: kim)\u001b[2J\nmore"})"}};
  const auto done = run({"show", "g-1", "--socket", gate.path()});
  CHECK(done.exit_code == 1);
  CHECK(done.out == "");
  CHECK(done.err == "sallyport: no rep 'kin' (known: kim)\\x1b[2J\\x0amore\n");
}

TEST_CASE("a refusal with --json is one document on standard output") {
  FakeGate gate{{R"({"ok":false,"refused":"no"})"}};
  const auto done = run({"--json", "list", "--socket", gate.path()});
  CHECK(done.exit_code == 1);
  CHECK(parse_json(done.out) == nlohmann::json{{"refused", "no"}});
  CHECK(done.err == "");
}

TEST_CASE("no daemon is exit code 3 with what to do") {
  for (const auto& command : {"list", "status", "watch"}) {
    const auto done = run({command, "--socket", "/tmp/sallyport-nobody-is-here.sock"});
    CHECK(done.exit_code == 3);
    CHECK(contains(done.err, "sallyportd is not running (systemctl start sallyportd)"));
  }
}

TEST_CASE("wrong usage is exit code 2, one line, and where help is") {
  const std::vector<std::vector<std::string>> wrong{
      {},
      {"frobnicate"},
      {"enable"},
      {"enable", "--nonsense"},
      {"show"},
      {"rep"},
      {"target", "scan"},
      {"target", "add", "x", "--address", "192.0.2.1", "--user", "u", "--yes"},
      {"target", "add", "x", "--address", "192.0.2.1", "--user", "u", "--login", "magic"}};
  for (const auto& arguments : wrong) {
    const auto done = run(arguments);
    CHECK(done.exit_code == 2);
    CHECK(contains(done.err, "--help)"));
    CHECK(std::count(done.err.begin(), done.err.end(), '\n') == 1);
  }
  CHECK(contains(run({"frobnicate"}).err, "'frobnicate' is not known"));
}

TEST_CASE("bad durations never reach the gate") {
  FakeGate gate{{}};
  const auto done = run({"enable", "--rep", "k", "--target", "t", "--policy", "p", "--from", "192.0.2.1",
                         "--for", "-5m", "--socket", gate.path()});
  CHECK(done.exit_code == 1);
  CHECK(contains(done.err, "--for: '-5m' is not a duration"));
  CHECK(gate.asked().empty());
}

TEST_CASE("a request that is too long names the argument") {
  FakeGate gate{{}};
  const auto done = run({"revoke", "g-1", "--reason", std::string(100'000, 'x'), "--socket", gate.path()});
  CHECK(done.exit_code == 1);
  CHECK(done.err == "sallyport: 'reason' is too long\n");
}

TEST_CASE("list shows grants aligned and escaped") {
  FakeGate gate{
      {ok(R"({"grants":[)" + kGrant +
          R"(,{"id":"g-2","state":"spent","rep":"l\u001b[31m","target":"hmc10","policy":"p","networks":[],)"
          R"("ended_at":"2026-01-31T11:00:00.000000Z","end_reason":"the rep left"}]})")}};
  const auto done = run({"list", "--all", "--socket", gate.path()});
  CHECK(done.exit_code == 0);
  CHECK_FALSE(contains(done.out, "\x1b"));
  CHECK(contains(done.out, "l\\x1b[31m"));
  CHECK(contains(done.out, "2026-01-31 11:00:00 UTC: the rep left"));
  CHECK_FALSE(contains(done.out, "SESSION"));  // no grant has one
  CHECK(gate.asked()[0]["all"] == true);
}

TEST_CASE("list without grants says so") {
  FakeGate gate{{ok(R"({"grants":[]})")}};
  CHECK(run({"list", "--socket", gate.path()}).out == "No grants.\n");
}

TEST_CASE("--json prints the result as it came") {
  FakeGate gate{{ok(R"({"grants":[)" + kGrant + "]}")}};
  const auto done = run({"list", "--json", "--socket", gate.path()});
  CHECK(parse_json(done.out)["grants"][0]["id"] == "g-7k3m9q2x");
}

TEST_CASE("show prints the grant and what the kernel holds") {
  FakeGate gate{{ok(R"({"grant":)" + kGrant + R"(,"kernel":["admitted 203.0.113.0/24 tcp 22"]})")}};
  const auto done = run({"show", "g-7k3m9q2x", "--socket", gate.path()});
  CHECK(contains(done.out, "Open in the kernel now:\n  admitted 203.0.113.0/24 tcp 22\n"));
}

TEST_CASE("status shows the gate in a few lines") {
  FakeGate gate{{ok(
      R"({"gate":"gate.example","version":"0.1.0","pid":7,"started_at":"2026-01-31T10:00:00.000000Z","grants":{"armed":1,"active":2},)"
      R"~("connections":3,"listening":["192.0.2.1:22"],"fingerprints":["SHA256:abc (ED25519)"],)~"
      R"("journal":{"seq":9,"hash":"x","writable":"no space left"},"firewall":{"base":"yes","live":[]}})")}};
  const auto done = run({"status", "--socket", gate.path()});
  CHECK(contains(done.out, "1 armed, 2 active"));
  CHECK(contains(done.out, "writable: no space left"));
  CHECK(contains(done.out, "base table in force: yes"));
  CHECK(contains(done.out, "nothing"));
}

TEST_CASE("pause says what it does not hold, and list, show and status that a session is paused") {
  const std::string paused =
      R"({"id":"g-1","state":"active","rep":"kim","target":"hmc1","policy":"hmc","networks":[],"session":"s-1",)"
      R"("paused":true,"paused_by":"alice","paused_at":"2026-01-31T10:00:00.000000Z"})";
  SECTION("pause") {
    FakeGate gate{{ok(R"({"grant":)" + paused + R"(,"notices":["Forwarded ports are not paused"]})")}};
    const auto done = run({"pause", "s-1", "--reason", "lunch", "--socket", gate.path()});
    CHECK(done.exit_code == 0);
    CHECK(contains(done.out, "Grant g-1 is active, paused\n"));
    CHECK(contains(done.out, "paused       2026-01-31 10:00:00 UTC"));
    CHECK(contains(done.out, " by alice\n"));
    CHECK(contains(done.out, "\nForwarded ports are not paused\n"));
    CHECK(gate.asked()[0] == nlohmann::json{{"ask", "pause"}, {"grant", "s-1"}, {"reason", "lunch"}});
  }
  SECTION("list") {
    FakeGate gate{{ok(R"({"grants":[)" + paused + "]}")}};
    CHECK(contains(run({"list", "--socket", gate.path()}).out, "active, paused"));
  }
  SECTION("status") {
    FakeGate gate{{ok(R"({"gate":"g","grants":{"armed":0,"active":3,"paused":2}})")}};
    CHECK(contains(run({"status", "--socket", gate.path()}).out, "0 armed, 3 active (2 paused)"));
  }
}

TEST_CASE("a session that has no terminal yet is waited for, until it ends") {
  const std::string ended =
      R"({"record":{"event":"session.ended","time":"2026-01-31T10:00:00.000000Z","grant":"g-1","session":"s-1","reason":"the rep left"}})";
  FakeGate gate{{ok(R"({"grant":"g-1","session":"s-1"})") + "\n" + ended}};
  const auto done = run({"watch", "s-1", "--channel", "3", "--socket", gate.path()});
  CHECK(done.exit_code == 0);
  CHECK(done.out == "");
  CHECK(done.err ==
        "sallyport: session s-1 has no terminal now; waiting for one (Ctrl-C ends)\n"
        "sallyport: session s-1 has ended: the rep left\n");
  CHECK(gate.asked()[0] == nlohmann::json{{"ask", "session.watch"}, {"session", "s-1"}, {"channel", 3}});
}

TEST_CASE("a session that has ended is not watched; a gate that hangs up is exit code 3") {
  SECTION("refused") {
    FakeGate gate{{R"({"ok":false,"refused":"session s-1 has ended"})"}};
    const auto done = run({"watch", "s-1", "--socket", gate.path()});
    CHECK(done.exit_code == 1);
    CHECK(done.err == "sallyport: session s-1 has ended\n");
  }
  SECTION("hung up") {
    FakeGate gate{{}};
    CHECK(run({"watch", "s-1", "--socket", gate.path()}).exit_code == 3);
  }
}

TEST_CASE("--channel and --raw are refused where records are shown") {
  FakeGate gate{{}};
  for (const auto& arguments :
       {std::vector<std::string>{"watch", "g-1", "--channel", "1"}, {"watch", "--raw"}}) {
    auto whole = arguments;
    whole.insert(whole.end(), {"--socket", gate.path()});
    const auto done = run(whole);
    CHECK(done.exit_code == 1);
    CHECK(contains(done.err, "for the terminal of a session"));
  }
  CHECK(gate.asked().empty());
}

TEST_CASE("watch prints a line for each record and says when the gate is gone") {
  const std::string first =
      R"({"record":{"event":"grant.claimed","time":"2026-01-31T10:00:00.000000Z","grant":"g-1","rep":"kim","peer":"203.0.113.7:50022","session":"s-1","seq":4}})";
  const std::string second =
      R"({"record":{"event":"of.tomorrow","time":"2026-01-31T10:00:01.000000Z","what":"\u001b[2J","seq":5}})";
  SECTION("as text") {
    FakeGate gate{{first + "\n" + second + "\n" + R"({"ok":false,"refused":"enough"})"}};
    const auto done = run({"watch", "--socket", gate.path()});
    CHECK(contains(
        done.out,
        "2026-01-31 10:00:00 UTC  g-1         kim has logged in from 203.0.113.7:50022, session s-1\n"));
    CHECK(contains(done.out, "of.tomorrow what=\\x1b[2J"));
    CHECK(done.exit_code == 1);
    CHECK(contains(done.err, "enough"));
  }
  SECTION("as JSON, one a line") {
    FakeGate gate{{first + "\n" + second + "\n" + R"({"ok":false,"refused":"enough"})"}};
    std::istringstream lines{run({"watch", "g-1", "--json", "--socket", gate.path()}).out};
    std::string line;
    std::getline(lines, line);
    CHECK(parse_json(line)["event"] == "grant.claimed");
    CHECK(gate.asked()[0]["grant"] == "g-1");
  }
}

TEST_CASE("enroll shows the secret as text and as a QR code") {
  FakeGate gate{
      {ok(R"({"gate":"gate.example"})"),
       ok(R"({"reps":[{"name":"kim","suite":"OCRA-1:HOTP-SHA256-8:QA10"}]})"),
       ok(R"({"rep":{"name":"kim"},"suite":"OCRA-1:HOTP-SHA256-8:QA10","secret":"GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"})")}};
  SECTION("both") {
    const auto done = run({"rep", "enroll", "kim", "--socket", gate.path()});
    CHECK(done.exit_code == 0);
    CHECK(contains(done.out, "GEZD GNBV GY3T QOJQ"));
    CHECK(contains(done.out, "\u2588\u2588\u2588\u2588"));
    CHECK(contains(done.out, "sallyport-respond --save"));
    CHECK(gate.asked()[2] == nlohmann::json{{"ask", "rep.enroll"}, {"name", "kim"}});
  }
  SECTION("with what the rep's tool must be told, where it is not the usual") {
    FakeGate other{
        {ok(R"({"gate":"gate.example"})"),
         ok(R"({"reps":[{"name":"kim","suite":"OCRA-1:HOTP-SHA256-8:QA10"}]})"),
         ok(R"({"rep":{"name":"kim"},"suite":"OCRA-1:HOTP-SHA256-8:QA10-T1M","mutual":true,"secret":"GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"})")}};
    const auto done = run({"rep", "enroll", "kim", "--no-qr", "--socket", other.path()});
    CHECK(contains(done.out, "sallyport-respond --save --suite OCRA-1:HOTP-SHA256-8:QA10-T1M --mutual\n"));
    CHECK(contains(done.out, "mutual  yes"));
  }
  SECTION("as text only") {
    CHECK_FALSE(contains(run({"rep", "enroll", "kim", "--no-qr", "--socket", gate.path()}).out, "\u2588"));
  }
  SECTION("as JSON") {
    const auto done = run({"rep", "enroll", "kim", "--json", "--socket", gate.path()});
    CHECK(parse_json(done.out)["secret"] == "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
  }
}

TEST_CASE("enroll asks nothing of the gate before it knows that its own options fit") {
  FakeGate gate{{ok(R"({"gate":"gate.example"})")}};
  const std::string plain = "OCRA-1:HOTP-SHA256-8:QA10";
  const auto refused = [&](const std::vector<std::string>& options) {
    std::vector<std::string> words{"rep", "enroll", "kim", "--socket", gate.path()};
    words.insert(words.end(), options.begin(), options.end());
    return run(words).err;
  };
  SECTION("two modes") { CHECK(contains(refused({"--mutual", "--one-way"}), "exclude each other")); }
  SECTION("a PIN for a suite without one") {
    CHECK(contains(refused({"--suite", plain, "--pin-stdin"}), "has no PIN"));
  }
  SECTION("a suite that is none") { CHECK(contains(refused({"--suite", "OCRA-1:X"}), "OCRA suite")); }
  CHECK(gate.asked().size() == 1);
}

TEST_CASE("a target with a key known from elsewhere is added without a scan") {
  const std::string key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBERERERERERERERERERERERERERERERERERERERERER";
  FakeGate gate{{ok(R"({"target":{"name":"hmc1","fingerprints":["SHA256:abc"]}})")}};
  const auto done = run({"target", "add", "hmc1", "--address", "198.51.100.10", "--user", "hscroot",
                         "--host-key", key, "--socket", gate.path()});
  CHECK(done.exit_code == 0);
  CHECK(gate.asked()[0]["ask"] == "target.add");
  CHECK(gate.asked()[0]["host_keys"] == nlohmann::json::array({key}));
  CHECK(gate.asked()[0]["login"] == "prompt");
  CHECK_FALSE(gate.asked()[0].contains("secret"));
}

TEST_CASE("a scan that gets no connection is refused") {
  FakeGate gate{{ok(R"({"address":"198.51.100.10:22"})")}};
  const auto done = run({"target", "scan", "--address", "198.51.100.10", "--socket", gate.path()});
  CHECK(done.exit_code == 1);
  CHECK(contains(done.err, "no connection to the target"));
}

TEST_CASE("nonsense from the gate is an error, not a crash") {
  for (const auto* reply : {"", "[]", "null", "{", R"({"ok":"yes"})", R"({"ok":false})",
                            R"({"ok":true,"result":[]})", R"({"ok":true,"result":{"grants":7}})"}) {
    FakeGate gate{{reply}};
    INFO(reply);
    CHECK(run({"list", "--socket", gate.path()}).exit_code <= 1);
    FakeGate other{{reply}};
    CHECK(run({"status", "--socket", other.path()}).exit_code <= 1);
  }
}

TEST_CASE("every command's help shows an example") {
  const std::vector<std::vector<std::string>> commands{{"enable"},
                                                       {"list"},
                                                       {"show"},
                                                       {"revoke"},
                                                       {"end"},
                                                       {"pause"},
                                                       {"resume"},
                                                       {"status"},
                                                       {"watch"},
                                                       {"audit"},
                                                       {"audit", "list"},
                                                       {"audit", "show"},
                                                       {"audit", "verify"},
                                                       {"replay"},
                                                       {"rep"},
                                                       {"rep", "add"},
                                                       {"rep", "list"},
                                                       {"rep", "remove"},
                                                       {"rep", "enroll"},
                                                       {"target"},
                                                       {"target", "add"},
                                                       {"target", "list"},
                                                       {"target", "scan"},
                                                       {"check"},
                                                       {"doctor"}};
  for (auto command : commands) {
    command.emplace_back("--help");
    const auto done = run(command);
    INFO(done.out);
    CHECK(done.exit_code == 0);
    CHECK(contains(done.out, "Example"));
  }
}
