// Delivery: how far a destination of the journal has got, in a file of its own. Written by: sallyport-send.
// Read by: sallyport.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "gateway/audit/journal.h"

namespace sallyport {

struct Delivery {
  std::optional<Position>
      position;         // the last record that is known to have been taken; none: it has not begun
  std::string problem;  // why nothing is taken just now; empty: nothing is wrong
  std::string since;    // RFC 3339: since when the problem
  bool operator==(const Delivery&) const = default;
};

// /var/lib/sallyport-send, beside the gate's own state folder (/var/lib/sallyport).
std::filesystem::path send_folder(const std::filesystem::path& state);
std::filesystem::path delivery_file(const std::filesystem::path& folder, const std::string& destination);

// Nothing when there is no such file; an Error when it does not say what we write.
Result<std::optional<Delivery>> load_delivery(const std::filesystem::path& file);
// After a power loss the old one or the new one. Everybody may read it: it holds numbers and hashes.
Done store_delivery(const std::filesystem::path& file, const Delivery& delivery);

}  // namespace sallyport
