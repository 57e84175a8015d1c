// The power is cut while a journal is written to a real file system on a disk that keeps what was flushed,
// and of what was not flushed what it likes: no acknowledged record is ever lost. Runs in: tests, as root.
#include <sys/wait.h>

#include <algorithm>
#include <cstdlib>
#include <random>

#include "tests/catch.h"
#include "tests/unit/gateway/audit/journal_fixture.h"
#include "tests/unit/gateway/audit/power_cut/logged_disk.h"
#include "tests/unit/gateway/audit/own_mounts.h"

using namespace sallyport;

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kRecords = 300, kCuts = 100, kSector = 512;

bool run(const std::string& command) {
  return std::system((command + " >/dev/null 2>&1 </dev/null").c_str()) == 0;
}

struct FileSystem {
  const char *type, *make;
  off_t size;
};
constexpr FileSystem kExt4{"ext4", "mkfs.ext4 -q -F", 16 << 20}, kXfs{"xfs", "mkfs.xfs -q -f", 300 << 20};

struct Places {
  explicit Places(const fs::path& folder)
      : base(folder / "base"),
        flushed(folder / "flushed"),
        cut(folder / "cut"),
        fuse(folder / "fuse"),
        mounted(folder / "mounted") {
    fs::create_directory(fuse);
    fs::create_directory(mounted);
  }
  fs::path base, flushed, cut, fuse, mounted;
};

// A child: what does not hold is said, and ends it.
void must(bool holds, const std::string& what) {
  if (holds) return;
  std::fprintf(stderr, "power cut: %s\n", what.c_str());
  ::_exit(1);
}

bool mount_image(const FileSystem& system, const fs::path& image, const fs::path& at) {
  return run(fmt::format("mount -t {} -o loop {} {}", system.type, image.string(), at.string()));
}

// Acts of one to eight records, some of them long, over a dozen segments.
void write_journal(const fs::path& place, FileJournalOptions options,
                   std::atomic<std::uint64_t>& acknowledged) {
  const FakeClock clock;
  std::mt19937 random{7};
  options.segment_records = 25;
  auto journal = FileJournal::open(place, clock, std::move(options));
  must(journal.has_value(), "no journal on the disk");
  while ((*journal)->head().seq < kRecords) {
    std::vector<Entry> act;
    for (auto left = 1 + random() % 8; left > 0; --left)
      act.push_back({"session.file", {{"path", std::string(random() % 2000, 'x')}}});
    const auto weight = random() % 2 == 0 ? Weight::opening : Weight::closing;
    must((*journal)->append_all(act, weight).has_value(), "an append");
    if ((*journal)->snapshot_due())
      must((*journal)->append_snapshot(std::vector<Entry>{{"journal.carried", {{"live", 1}}}}).has_value(),
           "a new segment");
    acknowledged = (*journal)->head().seq;
  }
}

// Hashes by seq, and all that happened on the disk.
struct Written {
  std::vector<std::string> hashes;
  std::vector<DiskStep> steps;
};

Written write_on_logged_disk(const FileSystem& system, const Places& places,
                             const FileJournalOptions& options) {
  std::atomic<std::uint64_t> acknowledged{0};
  Written written;
  must(run(fmt::format("cp --sparse=always {} {}", places.base.string(), places.cut.string())), "a copy");
  LoggedDisk disk{places.cut, places.fuse, acknowledged};
  must(mount_image(system, places.fuse / "disk", places.mounted), "mounting the logged disk");
  write_journal(places.mounted / "journal", options, acknowledged);
  {
    const FakeClock clock;
    auto journal = FileJournal::open(places.mounted / "journal", clock);
    must(journal.has_value(), "reading the journal");
    for (const auto& record : records_of(**journal)) written.hashes.push_back(record.hash);
  }
  must(::umount2(places.mounted.c_str(), 0) == 0, "unmounting");
  written.steps = disk.finish();
  return written;
}

// Of the writes that no flush has followed: all, none, or some, of which one is torn at a sector.
enum class Kept { all, none, some };

void keep(int image, const std::vector<const DiskStep*>& unflushed, Kept kept, std::mt19937& random) {
  for (const auto* step : unflushed) {
    if (kept == Kept::none || (kept == Kept::some && random() % 2 == 0)) continue;
    auto torn = *step;
    if (kept == Kept::some && random() % 3 == 0)
      torn.data.resize(random() % (torn.data.size() / kSector + 1) * kSector);
    apply(image, torn);
  }
}

// Whether the disk as it is now has every acknowledged record, and takes new ones.
bool survives(const FileSystem& system, const Places& places, const Written& written,
              std::uint64_t acknowledged) {
  must(mount_image(system, places.cut, places.mounted), fmt::format("{} does not mount", system.type));
  bool whole = false;
  {
    const FakeClock clock;
    const auto place = places.mounted / "journal";
    auto journal = FileJournal::open(place, clock);
    if (journal && (*journal)->head().seq >= acknowledged) {
      const auto records = records_of(**journal);
      const auto same =
          std::mismatch(records.begin(), records.end(), written.hashes.begin(), written.hashes.end(),
                        [](const Record& record, const auto& hash) { return record.hash == hash; });
      whole = static_cast<std::uint64_t>(same.first - records.begin()) >= acknowledged &&
              (*journal)->append({"x", {}}, Weight::opening) && !verify_journal(place)->broken;
    }
  }
  must(::umount2(places.mounted.c_str(), 0) == 0, "unmounting a cut disk");
  return whole;
}

// Whether one of the cuts lost something of what was acknowledged.
bool loses_something(const FileSystem& system, const Places& places, const Written& written) {
  std::mt19937 random{11};
  const auto& steps = written.steps;
  const auto first =
      std::find_if(steps.begin(), steps.end(), [](const DiskStep& s) { return s.acknowledged > 0; });
  const auto from = static_cast<std::size_t>(first - steps.begin());
  must(steps.size() - from > kCuts, "too few writes");
  std::vector<bool> wanted(steps.size());
  for (std::size_t made = 0; made < kCuts;)
    if (const auto at = from + random() % (steps.size() - from); !wanted[at]) wanted[at] = true, ++made;

  must(run(fmt::format("cp --sparse=always {} {}", places.base.string(), places.flushed.string())), "a copy");
  const UniqueFd flushed{::open(places.flushed.c_str(), O_RDWR | O_CLOEXEC)};
  std::vector<const DiskStep*> unflushed;
  std::size_t cuts = 0;
  for (std::size_t at = 0; at < steps.size(); ++at) {
    if (wanted[at]) {
      must(run(fmt::format("cp --sparse=auto {} {}", places.flushed.string(), places.cut.string())),
           "a copy");
      const UniqueFd cut{::open(places.cut.c_str(), O_RDWR | O_CLOEXEC)};
      keep(cut.get(), unflushed, static_cast<Kept>(cuts++ % 3), random);
      if (!survives(system, places, written, steps[at].acknowledged)) return true;
    }
    if (!steps[at].flush) {
      unflushed.push_back(&steps[at]);
      continue;
    }
    for (const auto* step : unflushed) apply(flushed.get(), *step);
    unflushed.clear();
  }
  return false;
}

// 0: no cut lost anything; 2: some did; 1: the story could not be told.
int cut_the_power(const FileSystem& system, const fs::path& folder, const FileJournalOptions& options) {
  // A chroot may have a /dev without them.
  if (::access("/dev/fuse", R_OK) != 0 || ::access("/dev/loop-control", R_OK) != 0)
    must(::mount("devtmpfs", "/dev", "devtmpfs", 0, nullptr) == 0, "no /dev/fuse and no loop devices");
  const Places places{folder};
  put_contents(places.base, "");
  must(::truncate(places.base.c_str(), system.size) == 0, "an image");
  must(run(fmt::format("{} {}", system.make, places.base.string())), system.make);
  const auto written = write_on_logged_disk(system, places, options);
  must(written.hashes.size() >= kRecords, "too few records");
  return loses_something(system, places, written) ? 2 : 0;
}

}  // namespace

TEST_CASE(
    "the power is cut at 100 moments of each file system: no acknowledged record is lost, no segment given "
    "up") {
  if (::geteuid() != 0) return;  // needs mounts
  const auto system = GENERATE(kExt4, kXfs);
  INFO(system.type);
  TemporaryFolder folder;
  CHECK(in_own_mounts([&] { return cut_the_power(system, folder.path(), {}); }) == 0);
}

TEST_CASE("a journal that syncs nothing does lose records there, so the test above would see it") {
  if (::geteuid() != 0) return;
  TemporaryFolder folder;
  FileJournalOptions options;
  options.calls.fdatasync = [](int) { return 0; };
  CHECK(in_own_mounts([&] { return cut_the_power(kExt4, folder.path(), options); }) == 2);
}
