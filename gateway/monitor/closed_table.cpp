// Runs in: sallyportd (privileged).
#include "gateway/monitor/closed_table.h"

#include <sys/stat.h>

#include "base/file.h"
#include "firewall/base_text.h"
#include "gateway/monitor/reload.h"

namespace sallyport {

namespace {

constexpr const char* kHeading =
    "# Written by sallyportd each time it has put its deny side in force; loaded at boot by "
    "sallyport-closed.nft.\n"
    "# Do not edit: the next start or reload writes it again.\n";

}  // namespace

Done store_closed_table(const std::filesystem::path& state, const Catalogue& catalogue) {
  const auto folder = state / "firewall";
  if (mkdir(folder.c_str(), 0750) != 0 && errno != EEXIST) return fail_errno("making {}", folder.string());
  const auto text = kHeading + base_table_text(guarded_by(catalogue), catalogue.settings.mark_bit);
  return replace_file(folder / "closed.nft", text, 0640);
}

}  // namespace sallyport
