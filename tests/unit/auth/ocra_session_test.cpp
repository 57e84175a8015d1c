// Session information: the bytes, computed independently (Python's hashlib), and what it tells apart.
#include "auth/ocra_session.h"

#include <set>

#include "auth/ocra.h"
#include "base/encoding.h"
#include "base/sha256.h"
#include "tests/catch.h"

using namespace sallyport;

namespace {

const std::string kGate = "SHA256:" + std::string(42, 'A') + "E";
const std::string kOtherGate = "SHA256:" + std::string(42, 'A') + "I";
const std::string kGrant = "g-7k3m9q2x";

std::string session(std::size_t length) { return ocra_session(kGate, kGrant, length).value(); }

}  // namespace

TEST_CASE("session information of 64 bytes is the SHA-512 of gate and grant") {
  CHECK(to_hex(session(64)) ==
        "fce0803e63f3c53c3c35b78739ef57d7a52699b2533bd08d731dea602a188137"
        "a156f4b2348615a0ebec3aa6e1d79f600c2de8196c91cc17cc93a5b26f19f006");
}

TEST_CASE("longer session information goes on with counted blocks") {
  CHECK(to_hex(session(128).substr(64)) ==
        "4c08653e88b06eaa1534ede1ddb153a474f942e03d8c7c0528436af8daf5d23b"
        "04c8e4643c06cb1c1a8d596cd05c2150b53d0d7ad1ada8f864c436915c8cb555");
  CHECK(Sha256::hex_of(session(512)) == "e36686a2626c671afbb848e7d7fd72c85b4e6352bfd44b48bd9caa69ba2dce66");
}

TEST_CASE("session information has the length of its suite, each the beginning of the longest") {
  const auto longest = session(512);
  for (std::size_t length = 1; length <= 512; ++length) REQUIRE(session(length) == longest.substr(0, length));
  CHECK_FALSE(ocra_session(kGate, kGrant, 0));
  CHECK_FALSE(ocra_session(kGate, kGrant, 513));
}

TEST_CASE("no block of session information repeats another") {
  const auto longest = session(512);
  std::set<std::string> blocks;
  for (std::size_t i = 0; i < 512; i += 64) blocks.insert(longest.substr(i, 64));
  CHECK(blocks.size() == 8);
}

TEST_CASE("another gate or another grant gives other session information") {
  for (const std::size_t length : {16U, 64U, 65U, 512U}) {
    CHECK(ocra_session(kOtherGate, kGrant, length).value() != session(length));
    CHECK(ocra_session(kGate, "g-7k3m9q2y", length).value() != session(length));
  }
}

TEST_CASE("what is no fingerprint or no grant has no session information") {
  const auto* const gate =
      GENERATE("", "SHA256:", "SHA256:AAAA", "MD5:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
               "sha256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
               "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
               "SHA256:AAAAAAAAAAAAAAAAAAAAA\nAAAAAAAAAAAAAAAAAAAAA",
               "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA ");
  INFO(gate);
  CHECK_FALSE(ocra_session(gate, kGrant, 64));
  const auto* const grant =
      GENERATE("", "g-", "7k3m9q2x", "g-7k3m9q2x\n", "g-7k 3m", "G-7K3M9Q2X", "g-\xc3\xa4",
               "g-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
  INFO(grant);
  CHECK_FALSE(ocra_session(kGate, grant, 64));
}

// The attack: a false gate relays the true gate's question to the rep and sends on what the rep answers.
TEST_CASE("a response that was given at one gate is wrong at another, and for another grant") {
  const auto suite = OcraSuite::parse("OCRA-1:HOTP-SHA256-8:QA10-S064").value();
  const Secret key{"12345678901234567890"};
  const auto response_at = [&](const std::string& gate, const std::string& grant) {
    OcraInput input;
    input.question = "K7XQM3PDR4";
    input.session_information = ocra_session(gate, grant, 64).value();
    return ocra(suite, key, input).value();
  };
  CHECK(response_at(kGate, kGrant) == response_at(kGate, kGrant));
  CHECK(response_at(kOtherGate, kGrant) != response_at(kGate, kGrant));
  CHECK(response_at(kGate, "g-00000000") != response_at(kGate, kGrant));
}
