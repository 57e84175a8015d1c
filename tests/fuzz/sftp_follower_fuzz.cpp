// Fuzzes the SFTP follower: whatever both sides say, what it makes of it does not depend on how the bytes are
// cut, and what it lets through under a policy is allowed. The first byte is the policy. Runs in: a test
// program.
#include "tests/fuzz/file_conversation.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sallyport;
  if (size == 0) return 0;
  const std::string_view bytes{reinterpret_cast<const char*>(data), size};
  conversation::check_sftp(conversation::from_bytes(bytes.substr(1)), static_cast<FilesAllowed>(data[0] % 4));
  return 0;
}
