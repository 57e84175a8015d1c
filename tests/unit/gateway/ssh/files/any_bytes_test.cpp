// The properties that the fuzzers look for, on good conversations with some bytes changed. Runs in: unit
// tests.
#include <random>

#include "tests/catch.h"
#include "tests/fuzz/file_seeds.h"

using namespace sallyport;
using namespace sallyport::conversation;

namespace {

constexpr int kTries = 3000;

std::string damaged(std::string bytes, std::minstd_rand& random) {
  const auto place = [&] { return static_cast<std::size_t>(random() % (bytes.size() + 1)); };
  for (auto changes = 1 + random() % 4; changes > 0 && !bytes.empty(); --changes) {
    const auto at = std::min(place(), bytes.size() - 1);
    switch (random() % 4) {
      case 0:
        bytes[at] = static_cast<char>(random());
        break;
      case 1:
        bytes[at] = static_cast<char>(bytes[at] ^ (1 << random() % 8));
        break;
      case 2:
        bytes.erase(at, random() % 20);
        break;
      default:
        bytes.insert(at, bytes.substr(place() / 2, random() % 40));
        break;
    }
  }
  return bytes;
}

}  // namespace

TEST_CASE("the good conversations are good, under each policy that allows them") {
  for (const auto& talk : {sftp_upload(), sftp_download(), sftp_changes()})
    CHECK(follow_sftp(talk, FilesAllowed::both, std::string::npos).good);
  CHECK_FALSE(follow_sftp(sftp_upload(), FilesAllowed::to_target, 1).refused);
  CHECK_FALSE(follow_sftp(sftp_download(), FilesAllowed::from_target, 1).refused);
  CHECK(follow_sftp(sftp_changes(), FilesAllowed::from_target, 1).refused);
  CHECK(follow_scp(scp_upload(), "scp -r -t there", 1).good);
  CHECK(follow_scp(scp_download(), "scp -r -f there", 1).good);
  CHECK(from_bytes(to_bytes(sftp_upload())).size() == sftp_upload().size());
}

TEST_CASE("whatever is said over SFTP, the cut of the bytes does not matter, and the policy holds") {
  std::minstd_rand random{11};
  for (const auto& talk : {sftp_upload(), sftp_download(), sftp_changes()})
    for (int i = 0; i < kTries; ++i)
      check_sftp(from_bytes(damaged(to_bytes(talk), random)), static_cast<FilesAllowed>(i % 4));
}

TEST_CASE("whatever is said over scp, the cut of the bytes does not matter") {
  std::minstd_rand random{12};
  for (int i = 0; i < kTries; ++i) {
    check_scp(from_bytes(damaged(to_bytes(scp_upload()), random)), "scp -t there");
    check_scp(from_bytes(damaged(to_bytes(scp_download()), random)), "scp -r -f there");
  }
}
