// Signed heads: the formats of C2SP, and what nobody without the key can do. Runs in: tests.
#include "gateway/audit/signed_note.h"

#include <random>

#include "base/encoding.h"
#include "tests/catch.h"

using namespace sallyport;

namespace {

// The example of golang.org/x/mod/sumdb/note: what its tools print, ours must read.
const char* const kGoVerifier = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const char* const kGoSigner =
    "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";

TreeHead head_of(std::uint64_t size) {
  TreeHead head;
  head.size = size;
  head.root[3] = 7;
  return head;
}

}  // namespace

TEST_CASE("keys as the tools of transparency logs write them are read, and written the same way") {
  const auto verifier = HeadVerifier::from_text(kGoVerifier);
  REQUIRE(verifier);
  CHECK(verifier->text() == kGoVerifier);
  const auto key = HeadKey::from_text(Secret{std::string_view{kGoSigner}});
  REQUIRE(key);
  CHECK(key->verifier().text() == kGoVerifier);
  CHECK(key->text().reveal() == std::string{kGoSigner} + "\n");
}

TEST_CASE("whatever the key, it is read as it was written") {
  SystemRandom random;
  for (int i = 0; i < 200; ++i) {
    const auto key = HeadKey::make("gate/journal", random);
    const auto again = HeadKey::from_text(key.text());
    REQUIRE(again);
    REQUIRE(again->verifier().text() == key.verifier().text());
    REQUIRE(HeadVerifier::from_text(key.verifier().text()));
  }
}

TEST_CASE("a head is three lines, an empty one and a signature") {
  SystemRandom random;
  const auto key = HeadKey::make("gate.example.com/journal", random);
  const auto note = key.sign(head_of(57));
  const std::string start =
      "gate.example.com/journal\n57\nAAAABwAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n"
      "\xe2\x80\x94 gate.example.com/journal ";
  CHECK(note.substr(0, start.size()) == start);
  const auto head = key.verifier().open(note);
  REQUIRE(head);
  CHECK(*head == head_of(57));
  // A witness adds its line; we go on reading ours.
  CHECK(key.verifier().open(note + "\xe2\x80\x94 witness.example AAAAAAAA\n"));
}

TEST_CASE("a head that was altered anywhere, or signed by another, is refused") {
  SystemRandom random;
  const auto key = HeadKey::make("gate/journal", random), other = HeadKey::make("gate/journal", random);
  const auto note = key.sign(head_of(57));
  CHECK_FALSE(other.verifier().open(note));
  CHECK_FALSE(key.verifier().open(other.sign(head_of(57))));
  CHECK_FALSE(HeadVerifier::of("elsewhere/journal", "").open(note));
  for (std::size_t at = 0; at < note.size(); ++at)
    for (const int bit : {0, 3, 7}) {
      auto changed = note;
      changed[at] = static_cast<char>(changed[at] ^ (1 << bit));
      INFO(at);
      REQUIRE_FALSE(key.verifier().open(changed));
    }
  for (std::size_t size = 0; size < note.size(); ++size)
    REQUIRE_FALSE(key.verifier().open(note.substr(0, size)));
}

TEST_CASE("keys that were altered are refused") {
  const std::string whole = kGoVerifier, secret = kGoSigner;
  for (std::size_t at = 0; at < whole.size(); ++at) {
    auto changed = whole;
    changed[at] = changed[at] == 'x' ? 'y' : 'x';
    CHECK_FALSE(HeadVerifier::from_text(changed));
  }
  for (std::size_t at = 0; at < secret.size(); ++at) {
    auto changed = secret;
    changed[at] = changed[at] == 'x' ? 'y' : 'x';
    CHECK_FALSE(HeadKey::from_text(Secret{std::string_view{changed}}));
  }
}

TEST_CASE("a file of heads is split, and one that was cut off is left out") {
  SystemRandom random;
  const auto key = HeadKey::make("gate/journal", random);
  std::string file;
  for (const std::uint64_t size : {1U, 20U, 300U}) file += key.sign(head_of(size)) + "\n";
  const auto notes = split_notes(file);
  REQUIRE(notes);
  REQUIRE(notes->size() == 3);
  CHECK(key.verifier().open((*notes)[2])->size == 300);
  CHECK(split_notes(file.substr(0, file.size() - 5))->size() == 2);
  CHECK(split_notes("")->empty());
}
