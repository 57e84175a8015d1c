// The parts of tests/bench/records that need the gate's own code: a journal of many records, a start on it,
// appends. Each prints one JSON object. Runs in: a developer's or CI's shell.
#include <fcntl.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "base/check.h"
#include "gateway/audit/file_journal.h"
#include "gateway/core/ledger.h"

using namespace sallyport;
using Steady = std::chrono::steady_clock;

namespace {

double seconds_since(Steady::time_point begun) {
  return std::chrono::duration<double>(Steady::now() - begun).count();
}

template <class T>
T must(Result<T> result) {
  if (!result) {
    std::fprintf(stderr, "%s\n", result.error().message().c_str());
    std::exit(1);
  }
  return *std::move(result);
}
void must(const Done& done) {
  if (!done) std::fprintf(stderr, "%s\n", done.error().message().c_str()), std::exit(1);
}

class Turned final : public Clock {
 public:
  explicit Turned(WallTime start) : wall_(start) {}
  WallTime wall() const override { return wall_; }
  BootTime boot() const override { return boot_; }
  void advance(std::chrono::microseconds by) { wall_ += by, boot_ += by; }

 private:
  WallTime wall_;
  BootTime boot_{std::chrono::hours{1}};
};

Permit permit() {
  Permit permit;
  permit.rep = "ann";
  permit.target = "hmc-a";
  permit.policy = "hmc-ssh";
  permit.networks = {*Network::parse("192.0.2.0/28")};
  permit.connect_within = std::chrono::minutes{30};
  permit.session = std::chrono::hours{4};
  permit.idle = std::chrono::minutes{30};
  permit.failed_logins = 10;
  permit.ticket = "CHG-4711";
  permit.reason = "fan of frame 3";
  return permit;
}

// A session as the gate records it, with some files: about forty records.
int play_session(Ledger& ledger, Turned& clock, int files) {
  const auto peer = *Endpoint::parse("192.0.2.7:40122");
  const auto id = must(ledger.enable(permit(), {1001, "olga"}));
  must(ledger.note(
      {"firewall.opened", {{"grant", id.value()}, {"open", {"element inet sallyport_live entry4"}}}}));
  const auto session = must(ledger.claim(
      id, peer, Entry{"login.accepted", {{"grant", id.value()}, {"rep", "ann"}, {"peer", peer.text()}}}));
  must(ledger.connected(id, {*Address::parse("192.0.2.77"),
                             {"curve25519-sha256", "aes256-gcm", "aead"},
                             {"curve25519-sha256", "aes256-gcm", "aead"},
                             false}));
  for (int i = 0; i < files; ++i) {
    clock.advance(std::chrono::seconds{7});
    must(ledger.note({"session.file",
                      {{"grant", id.value()},
                       {"session", session},
                       {"channel", 2},
                       {"direction", "from-target"},
                       {"path", "/dump/SYSDUMP.10A1B2C." + std::to_string(i)},
                       {"size", 734003200},
                       {"sha256", "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"},
                       {"complete", true},
                       {"kind", "system dump"}}}));
  }
  ledger.finish(id, "the rep left", "",
                {2412, 734228054, {{"ssh", Transport::tcp, 218, 14902, 241, 31288}}, {}});
  ledger.note_closing({"firewall.closed", {{"grant", id.value()}, {"left", nlohmann::json::array()}}});
  clock.advance(std::chrono::seconds{60});
  return files + 7;
}

// Without syncs: what is measured later is reading.
void make(const std::string& folder, int records) {
  Turned clock{from_rfc3339("2026-01-01T00:00:00.000000Z").value()};
  SystemRandom random;
  FileJournalOptions options;
  options.calls.fdatasync = [](int) { return 0; };
  const auto journal = must(FileJournal::open(folder, clock, options));
  auto ledger = must(Ledger::replay(*journal, clock, random));
  for (int made = 0; made < records;) made += play_session(ledger, clock, 33);
  std::printf("{\"records\": %llu, \"last\": \"%s\"}\n", static_cast<unsigned long long>(journal->head().seq),
              to_rfc3339(clock.wall()).c_str());
}

void start(const std::string& folder) {
  const auto begun = Steady::now();
  const SystemClock clock;
  SystemRandom random;
  const auto journal = must(FileJournal::open(folder, clock, {}));
  const auto ledger = must(Ledger::replay(*journal, clock, random));
  std::printf("{\"seconds\": %.6f, \"records\": %llu, \"grants\": %zu}\n", seconds_since(begun),
              static_cast<unsigned long long>(journal->head().seq), ledger.grants().size());
}

const Entry kEntry{"session.file",
                   {{"grant", "g-7k3m9q2x"},
                    {"session", "s-4f8w2c6n"},
                    {"channel", 2},
                    {"direction", "from-target"},
                    {"path", "/dump/SYSDUMP.10A1B2C.1"},
                    {"size", 734003200},
                    {"sha256", "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"},
                    {"complete", true}}};

double bare_rate(const std::string& folder, double seconds, std::size_t size) {
  const auto path = folder + "/bare";
  const UniqueFd fd{::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_TRUNC | O_CLOEXEC, 0600)};
  our_bug(!fd || ::fallocate(fd.get(), FALLOC_FL_KEEP_SIZE, 0, 512 * 1024) != 0, "a file to compare with");
  const std::string line(size, 'x');
  int count = 0;
  const auto begun = Steady::now();
  for (; seconds_since(begun) < seconds; ++count)
    our_bug(::write(fd.get(), line.data(), line.size()) != static_cast<ssize_t>(size) ||
                ::fdatasync(fd.get()) != 0,
            "a bare append");
  return count / seconds_since(begun);
}

double journal_rate(FileJournal& journal, double seconds, std::size_t together) {
  const std::vector<Entry> entries(together, kEntry);
  std::size_t count = 0;
  const auto begun = Steady::now();
  for (; seconds_since(begun) < seconds; count += together)
    our_bug(!journal.append_all(entries, Weight::opening), "an append");
  return static_cast<double>(count) / seconds_since(begun);
}

// A bare loop, single records and eight at once, one after the other.
void append(const std::string& folder, double seconds) {
  const SystemClock clock;
  const auto journal = must(FileJournal::open(folder + "/journal", clock, {}));
  const auto size = to_line(1'000'000, clock.wall(), std::string(64, '0'), kEntry).size() + 1;
  const double bare = bare_rate(folder, seconds, size), one = journal_rate(*journal, seconds, 1),
               eight = journal_rate(*journal, seconds, 8);
  std::printf("{\"bare\": %.1f, \"one\": %.1f, \"eight\": %.1f}\n", bare, one, eight);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string part = argc > 2 ? argv[1] : "";
  if (part == "make" && argc == 4)
    make(argv[2], std::atoi(argv[3]));
  else if (part == "start")
    start(argv[2]);
  else if (part == "append" && argc == 4)
    append(argv[2], std::atof(argv[3]));
  else
    return 2;
  return 0;
}
