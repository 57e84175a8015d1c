// Evidence bundles: whole ones, damaged ones, hostile ones. Runs in: tests.
#include <unistd.h>

#include <random>

#include "gateway/review/html.h"
#include "gateway/review/tar.h"
#include "tests/unit/gateway/review/bundle_fixture.h"

using namespace sallyport;

namespace {

constexpr const char* kEvil = "</script><img src=x onerror=alert(1)>";

// An archive of these files, as our own writer makes it.
std::string archive(const std::vector<std::pair<std::string, std::string>>& files,
                    const TemporaryFolder& folder) {
  const auto path = folder.path() / "made.tar";
  const UniqueFd out{::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)};
  TarWriter tar{out.get()};
  for (const auto& [name, bytes] : files) REQUIRE(tar.add(name, bytes));
  REQUIRE(tar.finish());
  return contents_of(path);
}

std::vector<std::pair<std::string, std::string>> files_of(const std::filesystem::path& path) {
  const UniqueFd in{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  TarReader tar{in.get()};
  std::vector<std::pair<std::string, std::string>> files;
  while (const auto file = tar.next().value()) {
    std::string text;
    for (;;) {
      const auto piece = tar.piece().value();
      if (piece.empty()) break;
      text += piece;
    }
    files.emplace_back(file->name, text);
  }
  return files;
}

}  // namespace

TEST_CASE("a bundle is whole, with the gate's key and with its own") {
  const Bundle b;
  const auto checked = b.check(b.key());
  INFO(b.problem());
  REQUIRE(checked);
  CHECK(checked->story.name == "s-1");
  CHECK(checked->story.row.admin == "olga");
  CHECK(checked->story.recordings.size() == 1);
  CHECK(checked->notes.empty());
  CHECK(b.check()->notes.size() == 1);
  SystemRandom random;
  CHECK_FALSE(b.check(HeadKey::make("gate/journal", random).verifier()));
}

TEST_CASE("a grant that is not over, or whose recording was altered, makes no bundle") {
  const Bundle b;
  CHECK_FALSE(b.write("g-2"));
  put_contents(b.f.folder.path() / "recordings/s-1/1.cast", "{}");
  CHECK_FALSE(b.write());
}

TEST_CASE("a thousand flips in a bundle: each is found") {
  const Bundle b;
  const auto whole = contents_of(b.path);
  std::mt19937 random{7};
  const UniqueFd fd{::open(b.path.c_str(), O_RDWR | O_CLOEXEC)};
  int unseen = 0;
  for (int i = 0; i < 1000; ++i) {
    const auto at = random() % whole.size();
    const char flipped = static_cast<char>(whole[at] ^ (1 << random() % 8));
    REQUIRE(::pwrite(fd.get(), &flipped, 1, static_cast<off_t>(at)) == 1);
    const auto checked = b.check(b.key());
    if (checked) ++unseen;
    INFO("byte " << at);
    CHECK_FALSE(checked);
    REQUIRE(::pwrite(fd.get(), &whole[at], 1, static_cast<off_t>(at)) == 1);
  }
  CHECK(unseen == 0);
  CHECK(b.problem().empty());
}

TEST_CASE("a bundle that was cut anywhere, or that goes on behind its end, is refused") {
  const Bundle b;
  const auto whole = contents_of(b.path);
  for (std::size_t size = 0; size < whole.size(); size += 509) {
    put_contents(b.path, whole.substr(0, size));
    INFO(size);
    CHECK(b.problem().find("cut short") != std::string::npos);
  }
  put_contents(b.path, whole + std::string(512, '\0'));
  CHECK(b.problem().find("behind its end") != std::string::npos);
}

TEST_CASE("files that were swapped, doubled, added, left out or altered are named") {
  const Bundle b;
  const auto files = files_of(b.path);
  const auto problem_with = [&](auto change) {
    auto changed = files;
    change(changed);
    put_contents(b.path, archive(changed, b.f.folder));
    return b.problem();
  };
  CHECK(problem_with([](auto&) {}).empty());
  CHECK(problem_with([](auto& f) { std::swap(f[3], f[4]); }).find("records.proofs is missing") !=
        std::string::npos);
  CHECK(problem_with([](auto& f) { f.insert(f.begin() + 3, f[2]); }).find("head.note stands in its place") !=
        std::string::npos);
  CHECK(problem_with([](auto& f) {
          f.push_back({"more", "x"});
        }).find("more stands behind") != std::string::npos);
  CHECK(problem_with([](auto& f) { f.pop_back(); }).find("SHA256SUMS is missing") != std::string::npos);
  CHECK(problem_with([](auto& f) { f[5].second += "x"; }).find("recordings/s-1/1.cast") != std::string::npos);
  CHECK(problem_with([](auto& f) { f[5].second[40] ^= 1; }).find("not what was recorded") !=
        std::string::npos);
  CHECK(problem_with([](auto& f) { f[6].second += " "; }).find("report.html: it does not say") !=
        std::string::npos);
  CHECK(problem_with([](auto& f) { f[4].second[3] ^= 1; }).find("session.json") != std::string::npos);
  // A record left out of the middle: the others are still proved, but the page and the facts tell of it.
  CHECK(problem_with([](auto& f) {
          auto& proofs = f[3].second;
          const auto second = proofs.find('\n') + 1;
          proofs.erase(second, proofs.find('\n', second) + 1 - second);
        }).find("session.json") != std::string::npos);
}

TEST_CASE("names and sizes that an attacker would choose are refused") {
  for (const auto* name :
       {"../x", "/etc/passwd", "a/../../x", "a//b", "./a", "a/", "a b", "a\\b", "", "\xc3\xa9"})
    CHECK_FALSE(check_tar_name(name));
  CHECK_FALSE(check_tar_name(std::string(101, 'a')));
  CHECK(check_tar_name("recordings/s-1/1.cast"));
  const Bundle b;
  auto bytes = contents_of(b.path);
  SECTION("a size beyond the archive") {
    bytes.replace(124, 11, "77777777777");
    put_contents(b.path, bytes);
    CHECK_FALSE(b.problem().empty());
  }
  SECTION("a size in base 256") {
    bytes[124] = '\x80';
    put_contents(b.path, bytes);
    CHECK_FALSE(b.problem().empty());
  }
  SECTION("a large file where a small one belongs") {
    auto files = files_of(b.path);
    files[1].second.assign(5 << 20, 'x');
    put_contents(b.path, archive(files, b.f.folder));
    CHECK(b.problem().find("journal-key.pub holds 5242880 bytes, more than 4096") != std::string::npos);
  }
  SECTION("no archive at all") {
    put_contents(b.path, "PK\x03\x04" + std::string(2000, 'x'));
    CHECK_FALSE(b.problem().empty());
  }
}

TEST_CASE("what a peer wrote stays text on the page") {
  const Bundle b{std::string{"cat "} + kEvil + "\r\n\x1b]0;title\x07", std::string{"/tmp/"} + kEvil};
  std::string page;
  for (const auto& [name, text] : files_of(b.path))
    if (name == "report.html") page = text;
  CHECK(page.find("<img") == std::string::npos);
  CHECK(page.find("Not recorded is what stood in a line after: PIN for * is") != std::string::npos);
  CHECK(page.find("&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;") != std::string::npos);
  // One script, and one element of data that its text cannot end.
  std::size_t ends = 0;
  for (auto at = page.find("</script"); at != page.npos; at = page.find("</script", at + 1)) ++ends;
  CHECK(ends == 2);
  CHECK(page.find("\x1b") == std::string::npos);
  CHECK(b.problem().empty());
}

TEST_CASE("HTML is escaped where it stands, and JSON cannot end its element") {
  CHECK(html("<a href='x' \"&\x1b") == "&lt;a href=&#39;x&#39; &quot;&amp;\\x1b");
  CHECK(json_for_html({"</script>&"}) == "[\"\\u003c/script\\u003e\\u0026\"]");
}
