// Heads that were kept, and whether the journal of today continues them. Runs in: sallyportd, sallyport.
#pragma once

#include <filesystem>
#include <optional>

#include "gateway/audit/signed_note.h"
#include "gateway/audit/walk.h"

namespace sallyport {

// The last megabyte of a file of heads: some thousands.
struct LastHeads {
  std::vector<std::string> notes;
  std::uint64_t end = 0;  // where the last complete one ends in the file
  std::string rest;       // what stands behind it
};
Result<LastHeads> read_last_heads(const std::filesystem::path& file);

// The heads in notes that were signed with one key, smallest first. An error names the note that is not.
Result<std::vector<TreeHead>> open_heads(const std::vector<std::string>& notes, const HeadVerifier& verifier);

// What a walk has to note for compare_heads().
std::vector<std::uint64_t> sizes_of(const std::vector<TreeHead>& heads);

struct HeadsCheck {
  std::uint64_t checked = 0;
  std::uint64_t deleted = 0;  // heads that cover less than was deleted: nothing to compare is left
  std::optional<std::uint64_t> good_until;  // the largest head that the journal continues
  std::string problem;                      // empty: it continues all of them
};
HeadsCheck compare_heads(const std::vector<TreeHead>& heads, const Walk& walk);

}  // namespace sallyport
