#include "gateway/core/journal_format.h"

#include "gateway/core/ledger.h"
#include "tests/catch.h"
#include "tests/unit/gateway/core/desk.h"

using namespace sallyport;

namespace {

// What a start says of a journal whose last gate was `version` and wrote `format`.
Result<Ledger> start_after(Desk& desk, const nlohmann::json& format) {
  const Entry started{"gateway.started", {{"version", "9.0.0"}, {"format", format}}};
  REQUIRE(desk.journal.append_all({&started, 1}, Weight::closing));
  return Ledger::replay(desk.journal, desk.clock, desk.random);
}

}  // namespace

TEST_CASE("a journal of a later format is not started on, and the sentence says which version wrote it") {
  for (const nlohmann::json& format : {nlohmann::json(2), nlohmann::json("two"), nlohmann::json(-1)}) {
    Desk desk;
    REQUIRE(desk.ledger.enable(permit_for(), kAlice));
    const auto ledger = start_after(desk, format);
    REQUIRE_FALSE(ledger);
    CHECK(ledger.error().message().find("later format " + format.dump() + ", written by Sallyport 9.0.0") !=
          std::string::npos);
    CHECK(ledger.error().message().find("(fix: install") != std::string::npos);
  }
}

TEST_CASE("of this format it goes on, also where another event has a field of that name") {
  Desk desk;
  const auto id = *desk.ledger.enable(permit_for(), kAlice);
  const Entry other{"config.reloaded", {{"format", 7}}};
  REQUIRE(desk.journal.append_all({&other, 1}, Weight::closing));
  const auto ledger = start_after(desk, kJournalFormat);
  REQUIRE(ledger);
  CHECK(ledger->find(id.value())->state == GrantState::armed);
}

TEST_CASE("a segment tells its format too, for who starts behind the gateway.started of before") {
  CHECK_FALSE(check_format({8, {}, "journal.segment", {}, {}, {{"segment", 2}, {"format", 2}}}));
  CHECK(check_format({8, {}, "journal.segment", {}, {}, {{"segment", 2}}}));
}
