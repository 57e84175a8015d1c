// Addresses, networks, durations, times, encodings, escapes: values that refuse bad input. Runs in: tests.
#include "base/bytes.h"
#include "base/clock.h"
#include "base/duration.h"
#include "base/encoding.h"
#include "base/endpoint.h"
#include "base/escape.h"
#include "base/random.h"
#include "base/secret.h"
#include "base/sha256.h"
#include "tests/catch.h"

using namespace sallyport;
using namespace std::chrono_literals;

TEST_CASE("a network is what a person writes, and nothing doubtful") {
  CHECK(Network::parse("192.0.2.0/24")->text() == "192.0.2.0/24");
  CHECK(Network::parse("192.0.2.7")->text() == "192.0.2.7/32");
  CHECK(Network::parse("2001:db8::1")->prefix_length() == 128);
  CHECK(Network::parse("0.0.0.0/0")->contains(*Address::parse("255.255.255.255")));
  for (const auto* bad :
       {"", "192.0.2.7/24", "192.0.2.0/33", "192.0.2.0/-1", "192.0.2.0/", "192.0.2.0/024", "192.0.2",
        "2001:db8::1/64", "2001:db8::/129", "fe80::1%eth0", "192.0.2.0/24 ", "a", "1.2.3.4/2.5"})
    CHECK_FALSE(Network::parse(bad));
}

TEST_CASE("a network contains its first and its last address, not its neighbours, and not the other family") {
  const auto network = *Network::parse("192.0.2.64/26");
  CHECK(network.contains(*Address::parse("192.0.2.64")));
  CHECK(network.contains(network.last()));
  CHECK(network.last().text() == "192.0.2.127");
  CHECK_FALSE(network.contains(*Address::parse("192.0.2.63")));
  CHECK_FALSE(network.contains(*Address::parse("192.0.2.128")));
  CHECK_FALSE(Network::parse("::/0")->contains(*Address::parse("192.0.2.64")));
}

TEST_CASE("an IPv4 address in IPv6 clothes is the IPv4 address") {
  CHECK(*Address::parse("::ffff:192.0.2.7") == *Address::parse("192.0.2.7"));
}

TEST_CASE("endpoints") {
  CHECK(Endpoint::parse("192.0.2.1:22")->text() == "192.0.2.1:22");
  CHECK(Endpoint::parse("[2001:db8::1]:22")->text() == "[2001:db8::1]:22");
  for (const auto* bad :
       {"192.0.2.1", "192.0.2.1:0", "192.0.2.1:65536", "2001:db8::1:22", "[2001:db8::1]", ":22", "[]:22"})
    CHECK_FALSE(Endpoint::parse(bad));
}

TEST_CASE("durations") {
  CHECK(*parse_duration("90s") == 90s);
  CHECK(*parse_duration("1h30m") == 90min);
  CHECK(*parse_duration("0s") == 0s);
  CHECK(to_text(5400s) == "1h30m");
  CHECK(to_text(0s) == "0s");
  for (const auto* bad : {"", "5", "m", "-5m", "1m1h", "1h 30m", "1.5h", "5mm", "99999999999s", "1w"})
    CHECK_FALSE(parse_duration(bad));
}

TEST_CASE("a time comes back as it was written") {
  const std::string text = "2026-02-28T23:59:59.000001Z";
  CHECK(to_rfc3339(*from_rfc3339(text)) == text);
  for (const auto* bad : {"2026-02-30T00:00:00.000000Z", "2026-02-28T24:00:00.000000Z",
                          "2026-02-28 23:59:59.000001Z", "2026-02-28T23:59:59Z"})
    CHECK_FALSE(from_rfc3339(bad));
}

TEST_CASE("encodings come back, and refuse what is not theirs") {
  for (const std::string bytes : {"", "f", "fo", "foo", "foob", "fooba", "foobar"}) {
    CHECK(*from_hex(to_hex(bytes)) == bytes);
    CHECK(*from_base32(to_base32(bytes)) == bytes);
    CHECK(*from_base64(to_base64(bytes)) == bytes);
  }
  CHECK(to_base32("foobar") == "MZXW6YTBOI");  // RFC 4648 section 10, without padding
  CHECK(to_base64("fooba") == "Zm9vYmE=");
  for (const auto* bad : {"Zm9vYmE", "Zm9vYmF=", "Zm9v YmE=", "====", "Zg=", "!"})
    CHECK_FALSE(from_base64(bad));
  for (const std::string bytes : {"", "f", "fo", "foo", "\xfb\xff\xfe", "\xff\xff"}) {
    CHECK(*from_base64url(to_base64url(bytes)) == bytes);
    CHECK(to_base64url(bytes).find_first_of("+/=") == std::string::npos);
  }
  CHECK(to_base64url("\xfb\xff\xfe") == "-__-");  // RFC 4648 section 5
  for (const auto* bad : {"Zm9vYmE=", "Zm9vYmF", "Zm9v YmE", "+//+", "Z", "!"})
    CHECK_FALSE(from_base64url(bad));
  CHECK_FALSE(from_hex("abc"));
  CHECK_FALSE(from_base32("AB1"));
}

TEST_CASE("text from outside cannot drive a terminal") {
  CHECK(escape_terminal("plain, grün, 漢字") == "plain, grün, 漢字");
  CHECK(escape_terminal("a\x1b[31m\r\nb\x7f") == "a\\x1b[31m\\x0d\\x0ab\\x7f");
  CHECK(escape_terminal("\xc2\x9b") == "\\u{009b}");            // C1 control sequence introducer
  CHECK(escape_terminal("\xe2\x80\xae") == "\\u{202e}");        // right-to-left override
  CHECK(escape_terminal("\xff\xc0\xaf") == "\\xff\\xc0\\xaf");  // invalid, overlong
  CHECK(escape_terminal("\\") == "\\\\");
  CHECK_FALSE(is_utf8("\xed\xa0\x80"));      // a surrogate
  CHECK_FALSE(is_utf8("\xf4\x90\x80\x80"));  // beyond U+10FFFF
}

TEST_CASE("a reader refuses what is cut short, and what is left over") {
  ByteWriter writer;
  writer.u32(7);
  writer.text("abc");
  ByteReader whole{writer.bytes()};
  CHECK(whole.u32() == 7);
  CHECK(whole.text(3) == "abc");
  CHECK(whole.finish());
  ByteReader strict{writer.bytes()};
  strict.u32();
  CHECK(strict.text(2).empty());
  CHECK_FALSE(strict.finish());
  ByteReader lazy{writer.bytes()};
  lazy.u32();
  CHECK_FALSE(lazy.finish());
}

TEST_CASE("a secret is equal only to itself, and gone when moved from") {
  Secret secret{std::string_view{"swordfish"}};
  CHECK(secret.equals("swordfish"));
  CHECK_FALSE(secret.equals("swordfisH"));
  CHECK_FALSE(secret.equals("swordfis"));
  const Secret taken = std::move(secret);
  CHECK(secret.empty());  // NOLINT: that is what is tested
  CHECK(taken.size() == 9);
}

TEST_CASE("SHA-256 of the standard's examples (FIPS 180-4)") {
  CHECK(Sha256::hex_of("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(Sha256::hex_of("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST_CASE("random text keeps to its alphabet") {
  SystemRandom random;
  const auto text = random_text(random, "abc", 1000);
  CHECK(text.size() == 1000);
  CHECK(text.find_first_not_of("abc") == std::string::npos);
  for (const char letter : {'a', 'b', 'c'}) CHECK(text.find(letter) != std::string::npos);
}
