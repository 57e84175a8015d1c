// The pure parts: tables, times, records, QR codes, and what doctor reads.
#include <sys/socket.h>

#include "gateway/console/control_client.h"
#include "gateway/console/doctor.h"
#include "gateway/console/qr_code.h"
#include "gateway/console/record_text.h"
#include "gateway/console/table.h"
#include "gateway/console/values.h"
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
}

TEST_CASE("listeners are read from /proc/net/tcp and tcp6") {
  const auto listeners = listeners_in(
      "  sl  local_address rem_address   st\n"
      "   0: 010200C0:0016 00000000:0000 0A 00000000:00000000\n"
      "   1: 010200C0:0016 0A0200C0:C350 01 00000000:00000000\n"
      "   2: B80D0120000000000000000001000000:0016 00000000000000000000000000000000:0000 0A 0\n");
  REQUIRE(listeners.size() == 2);
  CHECK(listeners[0].text() == "192.0.2.1:22");
  CHECK(listeners[1].text() == "[2001:db8::1]:22");
}
