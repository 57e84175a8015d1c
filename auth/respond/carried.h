// What one connection's prompts hand on: ssh starts this program anew for each. Public data only: the parts
// of a signature that are still to be given, or the question that was put to the gate. Runs in:
// sallyport-respond (as the representative).
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace sallyport {

enum class CarriedKind { signature, question };

struct Carried {
  std::string nonce;            // of the challenge that the parts answer; empty for a question
  std::uint32_t next_part = 0;  // the number that the gate has to ask for
  std::string rest;             // Base64 still to be given; or the question
  std::chrono::sys_seconds expires;
  bool operator==(const Carried&) const = default;
};

// One file for each connection and kind, mode 0600, in a folder of mode 0700. A connection is the process
// that started us: its number and when it began, so that a later process of the same number finds nothing.
class CarriedFile {
 public:
  static Result<CarriedFile> of_this_connection(CarriedKind kind);
  // For tests: a folder and a name.
  CarriedFile(std::filesystem::path folder, std::string name)
      : folder_(std::move(folder)), name_(std::move(name)) {}

  // Replaces what was there. What other connections left behind, and is past its time, goes.
  Done put(const Carried& carried, std::chrono::sys_seconds now) const;
  // Takes it out: the file is gone afterwards. Nothing when there is none, or it is past its time.
  Result<std::optional<Carried>> take(std::chrono::sys_seconds now) const;
  void forget() const;

 private:
  std::filesystem::path path() const { return folder_ / name_; }
  std::filesystem::path folder_;
  std::string name_;
};

}  // namespace sallyport
