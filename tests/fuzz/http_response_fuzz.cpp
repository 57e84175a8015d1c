// Fuzzes the response path: whatever a target sends. The first byte says what was asked. Runs in: a test
// program.
#include "tests/fuzz/http_exchange.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  sallyport::http::exchange::check_response({reinterpret_cast<const char*>(data), size});
  return 0;
}
