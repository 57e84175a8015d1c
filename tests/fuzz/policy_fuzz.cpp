// Fuzzes the four file formats of /etc/sallyport: any bytes are read or refused, and what is refused says
// why. Runs in: a test program.
#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "policies/file_formats.h"

namespace {

using namespace sallyport;

const std::filesystem::path kFolder = "/etc/sallyport";

// What a reader accepts, the writer must write so that the reader accepts it again.
template <class Value, class Read>
void check_round_trip(const Value& value, Read read) {
  Problems problems;
  const auto again = parse_toml(to_toml(value));
  our_bug(!again.has_value(), "a written file has a syntax error");
  our_bug(to_toml(read(TableReader{*again, 0, "", kFolder, problems})) != to_toml(value),
          "a written file reads differently");
  our_bug(!problems.empty(), "a written file is refused");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto table = parse_toml({reinterpret_cast<const char*>(data), size});
  if (!table) return 0;
  const auto secret_is_there = [](const std::filesystem::path&) { return Done{}; };
  const auto rep_of = [](TableReader file) { return read_rep(std::move(file), "kim", kFolder); };
  const auto target_of = [&](TableReader file) {
    return read_target(std::move(file), "hmc1", kFolder, secret_is_there);
  };
  Problems settings, policy, rep, target;
  read_settings(TableReader{*table, 0, "", kFolder, settings});
  read_policy(TableReader{*table, 0, "", kFolder, policy}, "hmc-ssh", Port{22});
  const auto read = rep_of(TableReader{*table, 0, "", kFolder, rep});
  const auto hmc = target_of(TableReader{*table, 0, "", kFolder, target});
  if (rep.empty()) check_round_trip(read, rep_of);
  if (target.empty()) check_round_trip(hmc, target_of);
  return 0;
}
