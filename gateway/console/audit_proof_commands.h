// audit verify, prove, verify-proof, acknowledge: whether the records are whole, and how to show it to
// others. Runs in: sallyport.
#pragma once

#include "gateway/console/command_line.h"
#include "gateway/console/context.h"

namespace sallyport {

void add_verify_command(const Command& audit, ConsoleContext& context);
void add_proof_commands(const Command& audit, ConsoleContext& context);

}  // namespace sallyport
