// What a target shows, through the rules for what is not recorded: cut anywhere it comes out the same, a
// prompt and what follows it in a line never comes out together, and what is recorded is JSON. The first byte
// says where the output is cut. Runs in: fuzzing.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>

#include <nlohmann/json.hpp>

#include "gateway/worker/json_text.h"
#include "gateway/worker/output_mask.h"

using namespace sallyport;

namespace {

constexpr std::string_view kSecret = "\nPIN for x is CANARY\n";

void require(bool holds) {
  if (!holds) std::abort();
}

std::string in_pieces(std::string_view output, std::size_t size) {
  auto mask = *OutputMask::create({"Password:", "PIN for * is", "a*b*c3"});
  std::string shown;
  for (; !output.empty(); output.remove_prefix(std::min(size, output.size())))
    shown += mask.pass(output.substr(0, size));
  return shown;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string around{reinterpret_cast<const char*>(data + 1), size - 1};
  const auto output = around + std::string{kSecret} + around;
  const auto whole = in_pieces(output, output.size());
  require(in_pieces(output, 1 + data[0]) == whole);
  require(whole.find("\nPIN for x is ‹masked›\n") != whole.npos);
  require(whole.find("is CANARY\n") == whole.npos || around.find("is CANARY") != around.npos);
  JsonText text;
  std::string json = "\"";
  for (std::size_t at = 0; at < whole.size(); at += 1 + data[0])
    text.feed(whole.substr(at, 1 + data[0]), json);
  text.finish(json);
  require(nlohmann::json::accept(json + '"'));
  return 0;
}
