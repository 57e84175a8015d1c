// Fuzzes the scp follower: whatever both sides say, what it makes of it does not depend on how the bytes are
// cut. A line, the command, stands first. Runs in: a test program.
#include "tests/fuzz/file_conversation.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sallyport;
  const std::string_view bytes{reinterpret_cast<const char*>(data), size};
  const auto end = bytes.find('\n');
  if (end == bytes.npos) return 0;
  conversation::check_scp(conversation::from_bytes(bytes.substr(end + 1)), std::string{bytes.substr(0, end)});
  return 0;
}
