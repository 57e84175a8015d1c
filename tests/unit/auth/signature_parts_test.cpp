// Answers in parts: asked for as long as a signature is not whole, and for nothing else.
#include "auth/signature_parts.h"

#include "auth/challenge_text.h"
#include "base/bytes.h"
#include "base/encoding.h"
#include "tests/catch.h"

using namespace sallyport;

namespace {

using Next = SignatureParts::Next;

// An SSHSIG by its structure, with `size` bytes of signature.
std::string bare(std::size_t size) {
  ByteWriter writer;
  writer.u32(1);
  for (const auto& field : {std::string(51, 'k'), std::string{"sallyport"}, std::string{},
                            std::string{"sha512"}, std::string(size, 's')})
    writer.text(field);
  return to_base64("SSHSIG" + writer.bytes());
}

std::string armoured(const std::string& base64) {
  std::string text = "-----BEGIN SSH SIGNATURE-----\n";
  for (std::size_t i = 0; i < base64.size(); i += 70) text += base64.substr(i, 70) + "\n";
  return text + "-----END SSH SIGNATURE-----";
}

// What comes out when `text` is given in pieces of `size` bytes, and how many were asked for.
std::pair<std::string, std::uint32_t> in_pieces(const std::string& text, std::size_t size) {
  SignatureParts parts;
  std::uint32_t asked = 0;
  for (std::size_t at = 0;; at += size) {
    ++asked;
    const auto piece = at < text.size() ? text.substr(at, size) : std::string{};
    if (parts.add(Secret{piece}) == Next::complete) return {std::string{parts.take().reveal()}, asked};
    CHECK(parts.next_part() == asked + 1);
  }
}

std::string without_newlines(std::string text) {
  std::erase(text, '\n');
  return text;
}

}  // namespace

TEST_CASE("what is no signature is complete at once, however long or short") {
  for (const std::string& text : std::vector<std::string>{
           "", " ", "12345678", "1234 5678", std::string(1023, '1'), "U1NIU0l", "u1niu0lh",
           "V1NIU0lH" + std::string(900, 'A'), "-----BEGIN SSH SIGNATURE----",
           "-----BEGIN PGP SIGNATURE-----", "xU1NIU0lH", "U1NIU0lH!", "U1NIU0lHAAA=AAAA"}) {
    SignatureParts parts;
    INFO(text);
    CHECK(parts.add(Secret{text}) == Next::complete);
    CHECK(parts.take().equals(text));
  }
}

TEST_CASE("a bare signature is asked for until its own lengths are full, however it is cut") {
  const auto text = bare(1400);
  for (const std::size_t size : {60U, 100U, 999U, 1000U, 1001U, 1023U, 5000U}) {
    const auto [answer, asked] = in_pieces(text, size);
    CHECK(without_newlines(answer) == text);
    CHECK(asked == (text.size() + size - 1) / size);
  }
}

TEST_CASE("a bare signature is asked for from its first eight characters on") {
  for (std::size_t size = 8; size < bare(40).size(); ++size)
    CHECK(is_cut_signature(bare(40).substr(0, size)));
  CHECK_FALSE(is_cut_signature(bare(40)));
  CHECK_FALSE(is_cut_signature(bare(41)));
  CHECK_FALSE(is_cut_signature(bare(42)));
  CHECK_FALSE(is_cut_signature(bare(40) + "AAAA"));
}

TEST_CASE("an armoured signature is asked for line by line") {
  const auto text = armoured(bare(700));
  SignatureParts parts;
  std::size_t from = 0;
  for (;;) {
    const auto end = std::min(text.find('\n', from), text.size());
    const auto next = parts.add(Secret{text.substr(from, end - from)});
    from = end + 1;
    CHECK((next == Next::complete) == (from > text.size()));
    if (next == Next::complete) break;
  }
  CHECK(parts.take().equals(text));
}

TEST_CASE("an armoured signature in one answer, with any line ends, is complete") {
  CHECK_FALSE(is_cut_signature(armoured(bare(40))));
  CHECK_FALSE(is_cut_signature("\r\n" + armoured(bare(40)) + "\r\n"));
}

TEST_CASE("at most 40 parts are asked for") {
  const auto [answer, asked] = in_pieces("-----BEGIN SSH SIGNATURE-----" + std::string(100'000, 'A'), 100);
  CHECK(asked == kMostSignatureParts);
  CHECK(answer.size() == 40 * 100 + 39);
}

TEST_CASE("an answer that is too long in all is empty, hence wrong") {
  const auto [answer, asked] = in_pieces("-----BEGIN SSH SIGNATURE-----" + std::string(100'000, 'A'), 1000);
  CHECK(asked == 17);
  CHECK(answer.empty());
  SignatureParts parts;
  CHECK(parts.add(Secret{std::string(100'000, '1')}) == Next::complete);
  CHECK(parts.take().empty());
}

TEST_CASE("an empty part ends it: the rep has no more") {
  SignatureParts parts;
  CHECK(parts.add(Secret{bare(1400).substr(0, 1000)}) == Next::ask_more);
  CHECK(parts.add(Secret{}) == Next::complete);
  CHECK(parts.take().equals(bare(1400).substr(0, 1000)));
}

TEST_CASE("a signature that says it is longer than any may be is not asked for") {
  ByteWriter writer;
  writer.u32(1);
  writer.u32(0xffffffff);
  CHECK_FALSE(is_cut_signature(to_base64("SSHSIG" + writer.bytes() + std::string(10, 'k'))));
}

TEST_CASE("after an answer the next one begins anew") {
  SignatureParts parts;
  CHECK(parts.add(Secret{bare(1400).substr(0, 1000)}) == Next::ask_more);
  (void)parts.take();
  CHECK(parts.add(Secret{"12345678"}) == Next::complete);
  CHECK(parts.take().equals("12345678"));
}
