// Runs in: sallyportd (privileged), sallyport.
#include "gateway/core/journal_format.h"

#include "gateway/audit/segment.h"

namespace sallyport {

Done check_format(const Record& record) {
  if (record.event != "gateway.started" && record.event != kSegmentEvent) return {};
  const auto format = record.fields.find("format");
  if (format == record.fields.end()) return {};
  if (format->is_number_unsigned() && format->get<std::uint64_t>() <= kJournalFormat) return {};
  const auto version = record.fields.find("version");
  return fail(
      "record {}: the journal is in the later format {}{}, which this version does not read (fix: install the version "
      "that wrote it, or restore the journal of before the upgrade)",
      record.seq, format->dump(),
      version != record.fields.end() && version->is_string()
          ? ", written by Sallyport " + version->get<std::string>()
          : "");
}

}  // namespace sallyport
