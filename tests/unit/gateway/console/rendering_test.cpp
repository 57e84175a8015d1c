// The pure parts: tables, times, records, QR codes, and what doctor reads.
#include <sys/socket.h>

#include "gateway/console/control_client.h"
#include "gateway/console/doctor.h"
#include "gateway/console/firewall_text.h"
#include "gateway/console/qr_code.h"
#include "gateway/console/record_text.h"
#include "gateway/console/table.h"
#include "gateway/review/values.h"
#include "tests/catch.h"

using namespace sallyport;

TEST_CASE("a table aligns columns, escapes cells and leaves out empty columns") {
  Table table{{"NAME", "EMPTY", "VALUE"}, false};
  table.add({"a", "", "1\n2"});
  table.add({"caf\xc3\xa9", "", "x"});
  CHECK(table.text() == "NAME  VALUE\na     1\\x0a2\ncaf\xc3\xa9  x\n");
}

TEST_CASE("colours are there only when asked for") {
  Table table{{"A"}, true};
  table.add({{"x", Color::bad}});
  CHECK(table.text().find("\x1b[31mx\x1b[0m") != std::string::npos);
  CHECK(painted("x", Color::bad, false) == "x");
}

TEST_CASE("times say how far off they are") {
  const auto now = *from_rfc3339("2026-01-31T10:00:00.000000Z");
  CHECK(time_text_with_distance("2026-01-31T10:29:50.000000Z", now) == "2026-01-31 10:29:50 UTC (in 30m)");
  CHECK(time_text_with_distance("2026-01-31T09:59:30.000000Z", now) == "2026-01-31 09:59:30 UTC (30s ago)");
  CHECK(time_text_with_distance("garbage", now) == "garbage");
}

TEST_CASE("sizes are short") {
  CHECK(size_text(1023) == "1023 B");
  CHECK(size_text(1536) == "1.5 KiB");
  CHECK(size_text(5ULL << 40) == "5.0 TiB");
}

TEST_CASE("a record's sentence leaves out what is not known") {
  CHECK(record_text({{"event", "grant.revoked"}, {"grant", "g-1"}, {"time", "2026-01-31T10:00:00.000000Z"}},
                    false) == "2026-01-31 10:00:00 UTC  g-1         revoked\n");
  CHECK(record_text(
            {{"event", "grant.revoked"}, {"grant", "g-1"}, {"time", "t"}, {"by", "alice"}, {"reason", "x"}},
            false) == "t  g-1         revoked by alice: x\n");
  CHECK(record_text({{"event", "config.refused"}, {"time", "t"}, {"problems", {"a", "b"}}}, false) ==
        "t  -           files refused, those in force stay: a, b\n");
}

TEST_CASE("a QR code is square, with a quiet zone") {
  const auto code = qr_code(Secret{"ocra://kim@gate?suite=OCRA-1:HOTP-SHA256-8:QA10&secret=GEZDGNBV"}, false);
  REQUIRE(code);
  const auto first = code->substr(0, code->find('\n'));
  CHECK(display_width(first) ==
        static_cast<std::size_t>(std::count(code->begin(), code->end(), '\n')) * 2 - 1);
  CHECK(first.find(' ') == std::string::npos);
}

TEST_CASE("a descriptor comes with its reply") {
  int ends[2];
  REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
  const UniqueFd gate{ends[1]};
  ControlClient client{UniqueFd{ends[0]}};
  std::string line = R"({"ok":true,"result":{"address":"x"}})"
                     "\n";
  iovec part{line.data(), line.size()};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))]{};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  header.msg_control = control;
  header.msg_controllen = sizeof control;
  cmsghdr* const ancillary = CMSG_FIRSTHDR(&header);
  ancillary->cmsg_level = SOL_SOCKET;
  ancillary->cmsg_type = SCM_RIGHTS;
  ancillary->cmsg_len = CMSG_LEN(sizeof(int));
  const int given = gate.get();
  std::memcpy(CMSG_DATA(ancillary), &given, sizeof given);
  REQUIRE(sendmsg(gate.get(), &header, 0) > 0);
  const auto reply = client.ask({{"ask", "target.scan"}});
  REQUIRE(reply);
  CHECK(reply->descriptor.get() >= 0);
  CHECK(reply->result["address"] == "x");
}

TEST_CASE("old kernels fail") {
  CHECK(judge_kernel("5.10.0-21-amd64").verdict == Verdict::fail);
  CHECK(judge_kernel("5.12").verdict == Verdict::ok);
  CHECK(judge_kernel("6.1.0-9-amd64").verdict == Verdict::ok);
  CHECK(judge_kernel("nonsense").verdict == Verdict::fail);
}

TEST_CASE("PAM lines are read as PAM reads them") {
  CHECK(parse_pam_line("auth required pam_unix.so nodelay")->name == "pam_unix.so");
  CHECK(parse_pam_line("auth [success=1 default=ignore] pam_unix.so # x")->name == "pam_unix.so");
  CHECK(parse_pam_line("@include common-auth")->is_include);
  CHECK(parse_pam_line("account include other")->name == "other");
  CHECK_FALSE(parse_pam_line("-session optional pam_systemd.so"));
  CHECK_FALSE(parse_pam_line("# comment"));
  CHECK_FALSE(parse_pam_line(""));
  CHECK(parse_pam_line("account include other")->phase == "account");
  CHECK(parse_pam_line("@include common-auth")->phase.empty());
}

TEST_CASE("a trial of the PAM service is judged by what it did") {
  const auto judge = [](const char* auth, const char* account, const char* questions = "1", int took = 10) {
    return judge_pam_trial(
        fmt::format("auth {} words\naccount {} words\nquestions {}\n", auth, account, questions),
        std::chrono::milliseconds{took}, "/etc/pam.d/sallyport");
  };
  CHECK(judge("PAM_USER_UNKNOWN", "PAM_USER_UNKNOWN").verdict == Verdict::ok);
  CHECK(judge("PAM_AUTH_ERR", "PAM_PERM_DENIED", "0").verdict == Verdict::ok);
  CHECK(judge("PAM_SUCCESS", "PAM_USER_UNKNOWN").verdict == Verdict::fail);
  CHECK(judge("PAM_AUTHINFO_UNAVAIL", "PAM_USER_UNKNOWN").verdict == Verdict::fail);
  CHECK(judge("PAM_AUTH_ERR", "PAM_USER_UNKNOWN", "2").verdict == Verdict::fail);
  CHECK(judge("PAM_MODULE_UNKNOWN", "PAM_USER_UNKNOWN").verdict == Verdict::fail);
  CHECK(judge("PAM_CONV_ERR", "PAM_USER_UNKNOWN").verdict == Verdict::fail);
  CHECK(judge("PAM_USER_UNKNOWN", "PAM_SUCCESS").verdict == Verdict::warn);
  CHECK(judge("PAM_USER_UNKNOWN", "PAM_USER_UNKNOWN", "1", 3001).verdict == Verdict::warn);
  CHECK(judge_pam_trial("", std::chrono::milliseconds{1}, "x").verdict == Verdict::fail);
}

TEST_CASE("what is open is one row a way, with whose it is, until when, and what has passed") {
  const auto element = [](const char* set, const char* key) {
    return nlohmann::json{
        {"set", set}, {"key", key}, {"grants", {"g-7k3m9q2x"}}, {"until", "2026-03-01T14:00:00.000000Z"}};
  };
  auto routed = element("forwarded4", "192.0.2.7 . udp . 657 . 198.51.100.20");
  routed.update({{"in_packets", 3U}, {"in_bytes", 96U}, {"out_packets", 2U}, {"out_bytes", 62U}});
  auto stray = element("masked6", "2001:db8::7 . tcp . 443");
  stray["alarm"] = "no grant holds this open";
  const auto text = firewall_text({{"base", "in force"},
                                   {"open",
                                    {element("dial4", "198.51.100.20 . tcp . 22"),
                                     element("translate4", "192.0.2.7 . udp . 657"), routed, stray}}},
                                  false, from_rfc3339("2026-03-01T10:00:00.000000Z").value());
  CHECK(text.find("198.51.100.20  22/tcp   the gate's own way there") != std::string::npos);
  CHECK(text.find("192.0.2.7      657/udp  routed to 198.51.100.20") != std::string::npos);
  CHECK(text.find("3 packets, 96 B  2 packets, 62 B") != std::string::npos);
  CHECK(text.find("no grant holds this open") != std::string::npos);
  CHECK(text.find("translate4") == std::string::npos);
  CHECK(text.find("The table that refuses everything else is in force.") != std::string::npos);
  CHECK(firewall_text({{"base", "gone"}, {"open", nlohmann::json::array()}}, false, {})
            .find("Nothing is open.") == 0);
}
