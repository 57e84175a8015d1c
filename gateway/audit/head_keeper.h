// HeadKeeper: signs the head of the journal's tree now and then, and hands it on to where whoever rewrites
// the journal does not reach: a file, syslog, a folder that may be another host's. Runs in: sallyportd
// (privileged). Never reads a peer's bytes.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <functional>
#include <optional>

#include "base/clock.h"
#include "gateway/audit/signed_note.h"

namespace sallyport {

struct HeadOptions {
  std::filesystem::path state;   // where the key and the file of heads are
  std::string name;              // of the journal, for a key that has to be made
  std::optional<gid_t> group;    // who may read the heads: the auditors
  std::filesystem::path copies;  // a folder that gets a file for each head; empty: none
  std::filesystem::path syslog = "/dev/log";
};

// Files below the state folder.
std::filesystem::path head_key_file(const std::filesystem::path& state);       // secret of root
std::filesystem::path head_verifier_file(const std::filesystem::path& state);  // for everybody
std::filesystem::path heads_file(const std::filesystem::path& state);

class HeadKeeper {
 public:
  static constexpr std::chrono::seconds kPeriod{60};
  static constexpr std::uint64_t kRecords = 100;

  // Makes the key when there is none.
  static Result<HeadKeeper> open(HeadOptions options, Random& random);
  HeadKeeper(HeadKeeper&&) = default;
  HeadKeeper& operator=(HeadKeeper&&) = default;
  HeadKeeper(const HeadKeeper&) = delete;
  HeadKeeper& operator=(const HeadKeeper&) = delete;
  ~HeadKeeper() = default;

  bool made_key() const noexcept { return made_key_; }
  const HeadVerifier& verifier() const noexcept { return key_.verifier(); }
  // The last one that was signed, by this or an earlier run.
  const std::optional<TreeHead>& last() const noexcept { return last_; }

  // The next look signs, whatever the time.
  void hurry() noexcept { hurry_ = true; }
  // Signs when it is time and there is something new.
  Done look(std::uint64_t records, const std::function<Digest()>& root, BootTime now);
  Done sign(const TreeHead& head, BootTime now);

 private:
  HeadKeeper(HeadOptions options, HeadKey key) : options_(std::move(options)), key_(std::move(key)) {}
  Done take_up_file();
  Done keep(const std::string& note) const;
  void send(const std::string& note) const;
  void copy(std::uint64_t size, const std::string& note);

  HeadOptions options_;
  HeadKey key_;
  bool made_key_ = false, hurry_ = false;
  std::optional<TreeHead> last_;
  BootTime last_time_{}, not_before_{};
  pid_t copying_ = 0;  // the process that writes a copy: a folder of another host may hang
};

}  // namespace sallyport
