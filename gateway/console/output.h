// How a command's outcome reaches people and scripts: text or one JSON document, and the exit code.
// Runs in: sallyport.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "gateway/audit/json.h"
#include "gateway/console/context.h"

namespace sallyport {

// Standard output. Texts are safe already: they come from Table, painted() or escape_terminal().
void print(std::string_view text);
void print_json(const nlohmann::json& document);

// A refusal: one line on standard error, or with --json the document {"refused": …}; sets the exit code.
void report(ConsoleContext& context, const Error& error);

// Runs a command's body and reports what went wrong.
template <class Body>
void run_command(ConsoleContext& context, Body body) {
  if (Done done = body(); !done) report(context, done.error());
}

}  // namespace sallyport
