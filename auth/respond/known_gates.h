// The gates that the representative has met: ~/.config/sallyport/known_gates. A line each, as in
//   gate.example.com SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU 2026-01-31T23:59:59Z
// name, fingerprint of its host key, when it was first seen; empty lines and those that begin with # stay.
// Runs in: sallyport-respond (as the representative).
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace sallyport {

struct KnownGate {
  std::string name, fingerprint, first_seen;
  bool operator==(const KnownGate&) const = default;
};

class KnownGates {
 public:
  // Refuses the whole text at its first bad line: a gate that is half forgotten would be asked about as new.
  static Result<KnownGates> parse(std::string_view text);

  // A name may have several lines: a gate whose key is being changed.
  std::vector<KnownGate> named(std::string_view name) const;
  const std::vector<KnownGate>& all() const noexcept { return gates_; }

 private:
  std::vector<KnownGate> gates_;
};

Result<std::filesystem::path> known_gates_file();
// No file: no gate. Refuses one that somebody else could have written.
Result<KnownGates> read_known_gates(const std::filesystem::path& path);
Done add_known_gate(const std::filesystem::path& path, std::string_view name, std::string_view fingerprint,
                    WallTime now);
// Every line of that name. Error: there is none.
Done forget_known_gate(const std::filesystem::path& path, std::string_view name);

// Whether `name` can stand in a line: printable ASCII without spaces, not beginning with #.
bool is_gate_name(std::string_view name);

}  // namespace sallyport
