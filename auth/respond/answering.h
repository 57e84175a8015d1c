// What every answer needs beside the challenge. Runs in: sallyport-respond (as the representative).
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "auth/respond/challenge.h"
#include "auth/respond/options.h"
#include "auth/respond/person.h"
#include "base/clock.h"
#include "base/result.h"

namespace sallyport {

struct Answering {
  const Options& options;
  Person& person;
  const Clock& clock;
  std::string_view host;  // the machine that ssh is connected to; empty when it is not known

  std::chrono::sys_seconds now() const { return std::chrono::floor<std::chrono::seconds>(clock.wall()); }
};

// What the gate takes, in as many parts as it asks for.
struct Answer {
  std::vector<std::string> parts;
};
// A refusal is not an error: everything worked, and the answer is that there is none.
using Reply = std::variant<Answer, Refusal>;

// Whether this is a gate that the representative knows; at first use the person is asked, and the gate
// remembered. A Refusal says what to do.
Result<std::optional<Refusal>> check_gate(const Answering& answering, std::string_view name,
                                          std::string_view fingerprint);

}  // namespace sallyport
