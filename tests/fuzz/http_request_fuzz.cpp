// Fuzzes the request path: whatever a rep sends is refused, or is written anew so that it can be read in one
// way only, which is the way that the gate read it. Runs in: a test program.
#include "tests/fuzz/http_exchange.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  sallyport::http::exchange::check_request({reinterpret_cast<const char*>(data), size});
  return 0;
}
