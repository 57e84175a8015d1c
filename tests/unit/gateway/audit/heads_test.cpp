// Signed heads and proofs over a journal on disk: today's journal continues what was signed, or it is said
// how not; a stranger checks a proof with the public key. Runs in: tests.
#include "gateway/audit/heads.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <algorithm>
#include <random>
#include <thread>

#include "gateway/audit/head_keeper.h"
#include "gateway/audit/proof.h"
#include "tests/catch.h"
#include "tests/unit/gateway/audit/journal_fixture.h"

using namespace sallyport;
using namespace std::chrono_literals;

namespace {

struct Signed : JournalFixture {
  SystemRandom random;
  HeadKey key = HeadKey::make("gate/journal", random);
  std::vector<TreeHead> heads;
  std::string notes;

  // Records in segments of 10, a head behind each seventh.
  void write_signed(int count) {
    FileJournalOptions options;
    options.segment_records = 10;
    auto journal = open(options).value();
    for (int i = 0; i < count; ++i) {
      clock.advance(1s);
      const auto session = "s-" + std::to_string(i / 4);
      REQUIRE(journal->append({"session.file", {{"session", session}, {"path", "a file"}}}, Weight::closing));
      if (journal->snapshot_due()) REQUIRE(journal->append_snapshot({}));
      if (i % 7 != 6) continue;
      heads.push_back({journal->head().seq, journal->tree().root()});
      notes += key.sign(heads.back()) + "\n";
    }
  }
  HeadsCheck check() const {
    const auto walk = verify_journal(place(), sizes_of(heads)).value();
    return compare_heads(heads, walk);
  }
  std::filesystem::path segment(std::uint64_t number) const { return place() / segment_name(number); }
};

// Every record from `seq` on with another path: a journal that somebody wrote anew, whole by itself.
void rewrite_from(const Signed& f, std::uint64_t from) {
  Chain chain;
  const auto files = journal_files(f.place()).value();
  for (const auto& file : files) {
    std::string out, all = contents_of(file);
    for (std::size_t at = 0; at < all.size(); at = all.find('\n', at) + 1) {
      auto record = take_apart(std::string_view{all}.substr(at, all.find('\n', at) - at)).value();
      Entry entry{record.event, record.fields};
      if (record.event == kSegmentEvent)
        entry.fields["tree"] = segment_entry({2, 0, chain.tree(), {}}).fields["tree"];
      if (record.seq >= from && record.event == "session.file") entry.fields["path"] = "another";
      const auto line = to_line(record.seq, record.time, chain.head().hash, entry);
      REQUIRE(chain.take(line));
      out += line + "\n";
    }
    put_contents(file, out);
  }
}

// Heads of the fixture's journal, copied to a folder beside it.
HeadOptions options_with_copies(const JournalFixture& f) {
  HeadOptions options;
  options.state = f.folder.path();
  options.name = "gate/journal";
  options.copies = f.folder.path() / "copies";
  std::filesystem::create_directory(options.copies);
  return options;
}

}  // namespace

TEST_CASE("a journal that went on continues every head that was signed") {
  Signed f;
  f.write_signed(60);
  const auto check = f.check();
  CHECK(check.checked == 8);
  CHECK(check.problem.empty());
  CHECK(check.good_until == f.heads.back().size);
}

TEST_CASE("a journal that was cut or written anew is whole by itself, and found by the heads") {
  Signed f;
  f.write_signed(63);
  SECTION("cut") {
    std::filesystem::remove(f.segment(journal_files(f.place())->size()));
    CHECK_FALSE(verify_journal(f.place())->broken);
    CHECK(f.check().problem.find("shortened") == 0);
  }
  SECTION("written anew from some record on") {
    for (const std::uint64_t from : {60U, 45U, 23U, 9U, 1U}) {
      rewrite_from(f, from);
      CHECK_FALSE(verify_journal(f.place())->broken);
      const auto check = f.check();
      CHECK(check.problem.find("rewritten") == 0);
      if (from > f.heads.front().size) {
        REQUIRE(check.good_until);
        CHECK(*check.good_until < from);
        CHECK(from - *check.good_until <= 9);
      } else {
        CHECK_FALSE(check.good_until);
      }
    }
  }
}

TEST_CASE("each record of a session is proved, and nothing that was changed is") {
  Signed f;
  f.write_signed(49);
  const auto wanted = [](const RecordView& view) {
    return view.line.find("\"session\":\"s-5\"") != view.line.npos;
  };
  const auto files = journal_files(f.place()).value();
  const auto note = f.key.sign(f.heads.back());
  const auto proofs = make_proofs(files, wanted, f.heads.back(), note);
  REQUIRE(proofs);
  const auto proven = check_proofs(*proofs, f.key.verifier());
  REQUIRE(proven);
  CHECK(proven->records.size() == 4);
  CHECK(proven->records[0].fields["session"] == "s-5");

  std::mt19937 random{3};
  for (int i = 0; i < 1000; ++i) {
    auto changed = *proofs;
    const auto at = random() % changed.size();
    switch (random() % 3) {
      case 0:
        changed[at] = static_cast<char>(changed[at] ^ (1 << random() % 8));
        break;
      case 1:
        changed.erase(at, 1 + random() % 5);
        break;
      default:
        std::swap(changed[at], changed[random() % changed.size()]);
    }
    if (changed == *proofs) continue;
    // What is cut off between two lines leaves proofs of what remains.
    const auto verdict = check_proofs(changed, f.key.verifier());
    REQUIRE_FALSE(verdict);
  }
  CHECK_FALSE(check_proofs(*proofs, HeadKey::make("gate/journal", f.random).verifier()));
  CHECK_FALSE(check_proofs("", f.key.verifier()));
}

TEST_CASE("no proof comes of a journal that is not the signed one, or not signed so far") {
  Signed f;
  f.write_signed(49);
  const auto all = [](const RecordView&) { return true; };
  const auto files = journal_files(f.place()).value();
  CHECK_FALSE(make_proofs(files, all, f.heads.front(), f.key.sign(f.heads.front())));
  rewrite_from(f, 30);
  const auto early = [](const RecordView& view) { return view.seq == 3; };
  CHECK_FALSE(make_proofs(files, early, f.heads.back(), f.key.sign(f.heads.back())));
  CHECK(make_proofs(files, early, f.heads.front(), f.key.sign(f.heads.front())));
}

namespace {

// A line of a journal in segments, by its place.
struct Lines {
  std::vector<std::vector<std::string>> files;

  explicit Lines(const std::filesystem::path& place) {
    const auto paths = journal_files(place).value();
    for (const auto& file : paths) {
      auto& lines = this->files.emplace_back();
      const auto text = contents_of(file);
      for (std::size_t at = 0; at < text.size(); at = text.find('\n', at) + 1)
        lines.push_back(text.substr(at, text.find('\n', at) + 1 - at));
    }
  }
  void put(const std::filesystem::path& place) const {
    for (std::size_t i = 0; i < files.size(); ++i) {
      std::string text;
      for (const auto& line : files[i]) text += line;
      put_contents(place / segment_name(i + 1), text);
    }
  }
};

}  // namespace

TEST_CASE("each of 1,000 flips, cuts, swaps and splices over a journal in segments is found where it is") {
  Signed f, other;
  f.write_signed(56);
  other.clock.advance(1h);
  other.write_signed(56);
  const Lines whole{f.place()}, theirs{other.place()};
  std::mt19937 random{17};
  for (int i = 0; i < 1000; ++i) {
    auto changed = whole;
    const auto file = random() % changed.files.size();
    auto& lines = changed.files[file];
    const auto at = random() % lines.size();
    const auto as_index = static_cast<std::ptrdiff_t>(at);
    const bool at_end = file + 1 == changed.files.size() && at + 1 == lines.size();
    std::size_t bad_file = file, bad_line = at + 1;
    switch (random() % 5) {
      case 0:
        lines[at][random() % lines[at].size()] ^= static_cast<char>(1 << random() % 8);
        break;
      case 1:
        lines[at].erase(random() % (lines[at].size() - 1), 1);
        break;
      case 2:
        lines.erase(lines.begin() + as_index);
        if (at == lines.size()) bad_file = file + 1, bad_line = 1;  // the next file shows it
        break;
      case 3: {
        const auto with = random() % lines.size();
        if (with == at) continue;
        std::swap(lines[at], lines[with]);
        bad_line = std::min(at, with) + 1;
        break;
      }
      default:
        if (file == 0 && at == 0) bad_line = 2;  // the first record of another journal may stand there alone
        lines.insert(lines.begin() + as_index, theirs.files[file][at % theirs.files[file].size()]);
    }
    changed.put(f.place());
    const auto walk = verify_journal(f.place(), sizes_of(f.heads)).value();
    if (!walk.broken) {  // the last record is gone: only who kept a head knows
      REQUIRE(at_end);
      REQUIRE(compare_heads(f.heads, walk).problem.find("shortened") == 0);
      continue;
    }
    INFO(walk.broken->message());
    REQUIRE(walk.broken->file == f.place() / segment_name(bad_file + 1));
    REQUIRE(walk.broken->line == bad_line);
  }
}

TEST_CASE("each of 1,000 changes to a file of heads is found") {
  Signed f;
  f.write_signed(60);
  std::mt19937 random{9};
  const auto opens = [&](const std::string& text) {
    const auto notes = split_notes(text);
    return notes && notes->size() == f.heads.size() && open_heads(*notes, f.key.verifier());
  };
  REQUIRE(opens(f.notes));
  for (int i = 0; i < 1000; ++i) {
    auto changed = f.notes;
    const auto at = random() % (changed.size() - 1);  // the last empty line may go
    if (random() % 2)
      changed[at] = static_cast<char>(changed[at] ^ (1 << random() % 8));
    else
      changed.erase(at, 1 + random() % 9);
    INFO(changed);
    REQUIRE_FALSE(opens(changed));
  }
}

TEST_CASE("the keeper makes a key once, signs when it is time, and goes on after a restart") {
  if (::geteuid() != 0) return;  // the key's file must be root's
  JournalFixture f;
  SystemRandom random;
  auto options = options_with_copies(f);
  options.syslog = f.folder.path() / "log";
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  options.syslog.string().copy(address.sun_path, sizeof address.sun_path - 1);
  const UniqueFd log{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  REQUIRE(::bind(log.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);

  auto keeper = HeadKeeper::open(options, random).value();
  CHECK(keeper.made_key());
  struct stat status {};
  REQUIRE(::stat(head_key_file(options.state).c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
  Digest root{};
  const auto tell_root = [&root] { return root; };
  REQUIRE(keeper.look(5, tell_root, f.clock.boot()));  // the first one is due
  CHECK(keeper.last()->size == 5);
  f.clock.advance(59s);
  REQUIRE(keeper.look(104, tell_root, f.clock.boot()));
  CHECK(keeper.last()->size == 5);
  REQUIRE(keeper.look(105, tell_root, f.clock.boot()));
  CHECK(keeper.last()->size == 105);
  f.clock.advance(60s);
  REQUIRE(keeper.look(105, tell_root, f.clock.boot()));  // nothing new
  REQUIRE(keeper.look(106, tell_root, f.clock.boot()));
  CHECK(keeper.last()->size == 106);
  keeper.hurry();
  REQUIRE(keeper.look(107, tell_root, f.clock.boot()));
  CHECK(keeper.last()->size == 107);

  const auto kept = read_last_heads(heads_file(options.state)).value();
  REQUIRE(kept.notes.size() == 4);
  CHECK(open_heads(kept.notes, keeper.verifier())->back().size == 107);
  char message[1000];
  const auto got = ::recv(log.get(), message, sizeof message, 0);
  REQUIRE(got > 0);
  const std::string line(message, static_cast<std::size_t>(got));
  CHECK(line.find("<86>sallyportd: journal head gate/journal 5 AAAA") == 0);
  CHECK(line.find('\n') == line.npos);
  for (int i = 0; i < 100 && !std::filesystem::exists(options.copies / "0000000000000005.note"); ++i)
    std::this_thread::sleep_for(20ms);
  CHECK(keeper.verifier().open(contents_of(options.copies / "0000000000000005.note"))->size == 5);

  SECTION("a restart") {}
  SECTION("a restart after a power loss in the middle of a head") {
    const auto whole = contents_of(heads_file(options.state));
    put_contents(heads_file(options.state), whole + "gate/journal\n108\n");
  }
  auto again = HeadKeeper::open(options, random).value();
  CHECK_FALSE(again.made_key());
  CHECK(again.verifier().text() == keeper.verifier().text());
  CHECK(again.last()->size == 107);
  REQUIRE(again.look(300, tell_root, f.clock.boot()));
  CHECK(open_heads(read_last_heads(heads_file(options.state))->notes, again.verifier())->back().size == 300);
  SECTION("a key that others can read is refused") {
    ::chmod(head_key_file(options.state).c_str(), 0640);
    CHECK_FALSE(HeadKeeper::open(options, random));
  }
}

TEST_CASE("a copy that hangs holds up nothing, and the next one is not begun") {
  if (::geteuid() != 0) return;
  JournalFixture f;
  SystemRandom random;
  auto options = options_with_copies(f);
  options.syslog.clear();
  REQUIRE(::mkfifo((options.copies / ".head").c_str(), 0600) == 0);  // opening it waits for a reader
  auto keeper = HeadKeeper::open(options, random).value();
  const auto begun = std::chrono::steady_clock::now();
  for (const std::uint64_t size : {100U, 200U, 300U}) REQUIRE(keeper.sign({size, {}}, f.clock.boot()));
  CHECK(std::chrono::steady_clock::now() - begun < 2s);
  CHECK(keeper.last()->size == 300);
}
