// audit schema: what every record of the journal is held to. Runs in: sallyport.
#include "embedded.h"
#include "gateway/console/audit_commands.h"
#include "gateway/console/output.h"

namespace sallyport {

void add_schema_command(const Command& audit, ConsoleContext&) {
  const auto command =
      audit.subcommand("schema", "The JSON Schema of the journal's records, for other programs");
  command.footer("Example: sallyport audit schema > journal.schema.json");
  command.runs([] { print(journal_schema_json); });
}

}  // namespace sallyport
