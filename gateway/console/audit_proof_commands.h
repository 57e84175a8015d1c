// audit verify, prove, verify-proof, acknowledge: whether the records are whole, and how to show it to
// others. Runs in: sallyport.
#pragma once

#include "gateway/audit/verify.h"
#include "gateway/console/command_line.h"
#include "gateway/console/context.h"

namespace sallyport {

void add_verify_command(const Command& audit, ConsoleContext& context);
void add_proof_commands(const Command& audit, ConsoleContext& context);

struct Verdict {
  Verification records;
  HeadsCheck heads;
  bool is_whole() const {
    return !records.walk.broken && records.recordings.faults.empty() && heads.problem.empty();
  }
};
// Everything of the gate's: records, recordings, its own signed heads.
Result<Verdict> verify_gate(const ConsoleContext& context);

// A session's or grant's records as far as they are signed, with their proofs.
struct ProvedStory {
  std::string proofs, note, key;
};
Result<ProvedStory> prove_story(const std::filesystem::path& state, const std::string& name);

Result<HeadVerifier> read_verifier(const std::filesystem::path& path);

}  // namespace sallyport
