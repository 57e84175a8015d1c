// file_seeds FOLDER: writes the seed corpora of the followers' fuzzers, FOLDER/sftp and FOLDER/scp. Runs in:
// a build.
#include "tests/fuzz/file_seeds.h"

#include <filesystem>
#include <fstream>

namespace {

void put(const std::filesystem::path& path, const std::string& bytes) { std::ofstream{path} << bytes; }

}  // namespace

int main(int count, char** values) {
  using namespace sallyport::conversation;
  if (count != 2) return 2;
  const std::filesystem::path folder{values[1]};
  std::filesystem::create_directories(folder / "sftp");
  std::filesystem::create_directories(folder / "scp");
  const Conversation sftp[] = {sftp_upload(), sftp_download(), sftp_changes()};
  for (int policy = 0; policy < 4; ++policy)
    for (std::size_t i = 0; i < std::size(sftp); ++i)
      put(folder / "sftp" / fmt::format("{}-{}", i, policy), static_cast<char>(policy) + to_bytes(sftp[i]));
  for (const auto* command : {"scp -t there", "scp -d -r -t there"})
    put(folder / "scp" / fmt::format("up-{}", std::string_view{command}.size()),
        command + ("\n" + to_bytes(scp_upload())));
  put(folder / "scp/down", "scp -r -f /var/log\n" + to_bytes(scp_download()));
  return 0;
}
