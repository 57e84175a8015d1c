// The codec between worker and monitor: what is not exactly a message is refused. Runs in: tests.
#include "gateway/wire/message.h"

#include <unistd.h>

#include "gateway/wire/channel.h"
#include "tests/catch.h"

using namespace sallyport;

namespace {

constexpr Incarnation kNow = 0x1122334455667788;

std::string bytes_of(const Ask& ask) { return std::string{encode(kNow, ask).reveal()}; }

Ask sample_channel() {
  AskChannel ask;
  ask.kind = ChannelKind::exec;
  ask.terminal = true;
  ask.term = "xterm";
  ask.columns = 80;
  ask.rows = 24;
  ask.command = "lshmc -V";
  return ask;
}

}  // namespace

TEST_CASE("a message comes back as it went") {
  const auto decoded = decode_ask(kNow, bytes_of(sample_channel()));
  REQUIRE(decoded);
  const auto& channel = std::get<AskChannel>(*decoded);
  CHECK(channel.kind == ChannelKind::exec);
  CHECK(channel.terminal);
  CHECK(channel.term == "xterm");
  CHECK(channel.columns == 80);
  CHECK(channel.rows == 24);
  CHECK(channel.command == "lshmc -V");
}

TEST_CASE("a message of another incarnation is refused") {
  CHECK_FALSE(decode_ask(kNow + 1, bytes_of(sample_channel())));
}

TEST_CASE("a message that is cut short anywhere, or has a byte too many, is refused") {
  const auto whole = bytes_of(sample_channel());
  for (std::size_t length = 0; length < whole.size(); ++length)
    CHECK_FALSE(decode_ask(kNow, whole.substr(0, length)));
  CHECK_FALSE(decode_ask(kNow, whole + '\0'));
}

TEST_CASE("values out of range are refused") {
  auto bytes = bytes_of(sample_channel());
  SECTION("an unknown type") { bytes[8] = '\x7f'; }
  SECTION("an unknown enumerator") { bytes[9] = '\x09'; }
  SECTION("a boolean that is neither 0 nor 1") { bytes[10] = '\x02'; }
  SECTION("a length beyond the field's limit") { bytes[11] = '\x7f'; }
  CHECK_FALSE(decode_ask(kNow, bytes));
}

TEST_CASE("an answer's secrets and lists come back as they went") {
  TargetSocket socket{
      "hmc1",        {"ssh-ed25519 AAAA", "ssh-rsa BBBB"},
      "hscroot",     TargetLoginKind::password,
      Secret{"abc"}, {{"curve25519-sha256"}, {"aes256-ctr", "aes128-ctr"}, {}, {"ssh-ed25519"}}};
  const auto bytes = encode(kNow, Answer{std::move(socket)});
  const auto decoded = decode_answer(kNow, bytes.reveal());
  REQUIRE(decoded);
  const auto& back = std::get<TargetSocket>(*decoded);
  CHECK(back.host_keys.size() == 2);
  CHECK(back.login == TargetLoginKind::password);
  CHECK(back.credential.equals("abc"));
  CHECK(back.algorithms ==
        SshAlgorithms{{"curve25519-sha256"}, {"aes256-ctr", "aes128-ctr"}, {}, {"ssh-ed25519"}});
}

TEST_CASE("a channel carries a message and one descriptor, and says when the peer is gone") {
  auto ends = Channel::make_pair();
  REQUIRE(ends);
  int pipe_ends[2];
  REQUIRE(pipe(pipe_ends) == 0);
  const UniqueFd reader{pipe_ends[0]};
  UniqueFd writer{pipe_ends[1]};
  REQUIRE(ends->first.send(Secret{std::string_view{"hello"}}, writer.get()));
  writer.reset();
  {
    const auto frame = ends->second.receive();
    REQUIRE(frame);
    CHECK(frame->bytes.equals("hello"));
    REQUIRE(frame->descriptor);
    CHECK(::write(frame->descriptor.get(), "x", 1) == 1);
  }
  char byte = 0;
  CHECK(::read(reader.get(), &byte, 1) == 1);
  CHECK(ends->second.receive().error().code() == EAGAIN);
  { const Channel gone = std::move(ends->first); }
  CHECK(ends->second.receive().error().code() == 0);
}

TEST_CASE("a hold comes back as it went, and is neither held nor not held in a third way") {
  std::string bytes{encode(kNow, Answer{Hold{true, "alice has paused this session"}}).reveal()};
  const auto decoded = decode_answer(kNow, bytes);
  REQUIRE(decoded);
  CHECK(std::get<Hold>(*decoded).held);
  CHECK(std::get<Hold>(*decoded).sentence == "alice has paused this session");
  bytes[9] = '\x02';
  CHECK_FALSE(decode_answer(kNow, bytes));
}

TEST_CASE("what begins the HTTPS door, and its target, come back as they went") {
  BeginWeb begin{"banner", "gate1", Secret{std::string_view{"key"}}, "certificates",
                 TlsProfile::nist_800_131a};
  auto decoded = decode_answer(kNow, encode(kNow, Answer{std::move(begin)}).reveal());
  REQUIRE(decoded);
  const auto& web = std::get<BeginWeb>(*decoded);
  CHECK(web.gate == "gate1");
  CHECK(web.key.equals("key"));
  CHECK(web.certificates == "certificates");
  CHECK(web.profile == TlsProfile::nist_800_131a);
  decoded = decode_answer(
      kNow, encode(kNow, Answer{WebTarget{"hmc1", {"hmc1.example"}, 12443, {"pin"}, "pem"}}).reveal());
  REQUIRE(decoded);
  const auto& target = std::get<WebTarget>(*decoded);
  CHECK(target.name == "hmc1");
  CHECK(target.aliases == std::vector<std::string>{"hmc1.example"});
  CHECK(target.port == 12443);
  CHECK(target.pins == std::vector<std::string>{"pin"});
  CHECK(target.authorities == "pem");
  CHECK(std::holds_alternative<AnotherConnection>(
      *decode_answer(kNow, encode(kNow, Answer{AnotherConnection{}}).reveal())));
}

TEST_CASE("what ends the target's REST sessions comes back as it went, as many as there may be") {
  BeginLogoff begin{
      {"hmc1", {}, 443, {"pin"}, std::string(limit::certificates, 'p')}, TlsProfile::modern, {}};
  for (std::size_t i = 0; i < limit::api_sessions; ++i)
    begin.sessions.emplace_back(std::string(limit::api_session, 'x'));
  const auto bytes = encode(kNow, Answer{std::move(begin)});
  CHECK(bytes.size() < kMessageLimit);
  const auto decoded = decode_answer(kNow, bytes.reveal());
  REQUIRE(decoded);
  const auto& logoff = std::get<BeginLogoff>(*decoded);
  CHECK(logoff.target.name == "hmc1");
  REQUIRE(logoff.sessions.size() == limit::api_sessions);
  CHECK(logoff.sessions[0].size() == limit::api_session);
  const auto told = decode_ask(kNow, encode(kNow, Ask{TellLoggedOff{2, 1, "late"}}).reveal());
  REQUIRE(told);
  CHECK(std::get<TellLoggedOff>(*told).failed == 1);
}

TEST_CASE("a granted channel brings the rules for its recording") {
  const auto bytes =
      encode(kNow, Answer{ChannelGranted{2, true, 4096, FilesAllowed::both, {"Password:", "PIN * is"}}});
  const auto decoded = decode_answer(kNow, bytes.reveal());
  REQUIRE(decoded);
  CHECK(std::get<ChannelGranted>(*decoded).masked_after == std::vector<std::string>{"Password:", "PIN * is"});
}
