// Of a thousand random flips, cuts, swaps and splices of recordings, bundles and heads each is found, and
// where it is. What happens so to a journal: tests/unit/gateway/audit/heads_test.cpp. Runs in: tests.
#include <fcntl.h>

#include <algorithm>
#include <array>
#include <random>
#include <ranges>

#include "gateway/audit/verify.h"
#include "gateway/review/bundle.h"
#include "gateway/review/recording_bytes.h"
#include "gateway/review/recording_zstd.h"
#include "gateway/review/tar.h"
#include "tests/catch.h"
#include "tests/unit/gateway/review/bundle_fixture.h"

using namespace sallyport;

namespace {

constexpr int kRounds = 1000;

// Changes `bytes` in one of four ways, with `other` to splice from; where they differ from what they were.
std::size_t damage(std::string& bytes, const std::string& other, std::mt19937& random) {
  const auto before = bytes;
  while (bytes == before) {
    const auto at = random() % bytes.size();
    const auto length = 1 + random() % std::min<std::size_t>(bytes.size() - at, 300);
    switch (random() % 4) {
      case 0:
        bytes[at] = static_cast<char>(bytes[at] ^ (1 << random() % 8));
        break;
      case 1:  // cut short, or out of the middle
        bytes.erase(at, random() % 2 == 0 ? bytes.npos : length);
        break;
      case 2: {
        const auto with = random() % (bytes.size() - length + 1);
        const auto first = bytes.substr(at, length), second = bytes.substr(with, length);
        bytes.replace(at, length, second);
        bytes.replace(with, length, first);
        break;
      }
      default:
        bytes.insert(at, other.substr(random() % other.size(), length));
    }
  }
  const auto same = std::ranges::mismatch(bytes, before);
  return static_cast<std::size_t>(same.in1 - bytes.begin());
}

// Which file of the archive the byte belongs to, header and padding included; empty: its end.
std::string file_at(const std::string& archive, std::size_t at) {
  constexpr std::size_t kBlock = 512;
  for (std::size_t from = 0; from + kBlock <= archive.size() && archive[from] != '\0';) {
    const auto size = std::stoul(archive.substr(from + 124, 11), nullptr, 8);
    const auto end = from + kBlock + (size + kBlock - 1) / kBlock * kBlock;
    if (at < end) return archive.c_str() + from;
    from = end;
  }
  return {};
}

}  // namespace

TEST_CASE("a thousand flips, cuts, swaps and splices of recordings: each is found, and in which") {
  ReviewFixture f;
  std::vector<std::filesystem::path> files;
  std::vector<std::string> texts;
  for (int i = 0; i < 6; ++i) {
    const auto grant = fmt::format("g-{}", i), session = fmt::format("s-{}", i);
    f.enable(grant.c_str());
    f.play(grant.c_str(), session.c_str(), fmt::format("{} seen {}\r\n", std::string(40 * i, 'x'), i));
    files.push_back(f.folder.path() / "recordings" / session / "1.cast");
    texts.push_back(contents_of(files.back()));
    if (i % 3 != 0) continue;  // some are compressed
    REQUIRE(compress_recording(files.back(), {{}, texts.back().size(), Sha256::hex_of(texts.back())}));
    files.back() += ".zst";
    texts.back() = contents_of(files.back());
  }
  std::mt19937 random{7};
  for (int round = 0; round < kRounds; ++round) {
    const auto chosen = random() % files.size();
    auto changed = texts[chosen];
    const auto at = damage(changed, texts[(chosen + 1) % texts.size()], random);
    put_contents(files[chosen], changed);
    const auto found = verify_all(f.place(), f.folder.path(), {}, hash_contents).value();
    put_contents(files[chosen], texts[chosen]);
    INFO(files[chosen] << " at " << at);
    REQUIRE_FALSE(found.walk.broken);
    // A frame's header has a bit that decoders ignore: the recording is then the same, byte for byte.
    if (found.recordings.faults.empty() && chosen % 3 == 0 && at == 4) continue;
    REQUIRE(found.recordings.faults.size() == 1);
    REQUIRE(found.recordings.faults[0].session == fmt::format("s-{}", chosen));
  }
}

TEST_CASE("a thousand flips, cuts, swaps and splices of a bundle: each is found, and in which file") {
  const Bundle b;
  const auto whole = contents_of(b.path);
  const auto other = contents_of(Bundle{"another session\r\n"}.path);
  std::mt19937 random{7};
  for (int round = 0; round < kRounds; ++round) {
    auto changed = whole;
    const auto at = damage(changed, other, random);
    put_contents(b.path, changed);
    const auto problem = b.problem();
    auto file = file_at(whole, at);
    // What is for people alone is held against the sums, which stand last: of a swap the other half is met
    // first.
    if (file == "README.txt" && problem.find(file) == problem.npos && changed.size() == whole.size()) {
      const auto last = std::ranges::mismatch(changed | std::views::reverse, whole | std::views::reverse);
      file = file_at(whole, whole.size() - 1 - static_cast<std::size_t>(last.in1 - changed.rbegin()));
    }
    INFO("byte " << at << " of " << (file.empty() ? "the end" : file) << ": " << problem);
    REQUIRE_FALSE(problem.empty());
    REQUIRE(problem.find(file.empty() ? "end" : file) != problem.npos);
  }
}

TEST_CASE("a thousand changed, swapped and spliced heads: each is found, and which") {
  SystemRandom random_key;
  const auto key = HeadKey::make("gate/journal", random_key),
             another = HeadKey::make("gate/journal", random_key);
  std::vector<std::string> notes;
  for (std::uint64_t size = 1; size <= 12; ++size)
    notes.push_back(key.sign({size, Digest{static_cast<std::uint8_t>(size)}}));
  std::mt19937 random{7};
  for (int round = 0; round < kRounds; ++round) {
    auto changed = notes;
    const auto chosen = random() % changed.size();
    if (random() % 4 == 0)
      changed[chosen] = another.sign({chosen + 1, Digest{static_cast<std::uint8_t>(chosen + 1)}});
    else
      damage(changed[chosen], notes[(chosen + 1) % notes.size()], random);
    const auto opened = open_heads(changed, key.verifier());
    INFO(changed[chosen]);
    REQUIRE_FALSE(opened);
    REQUIRE(opened.error().message().starts_with(fmt::format("head {}: ", chosen + 1)));
  }
}
