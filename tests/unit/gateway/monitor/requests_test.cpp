// The monitor's attack surface (I3, I7): every question in every phase, against a second, written-out table.
// Runs in: tests.
#include "gateway/monitor/requests.h"

#include <map>

#include "tests/catch.h"

using namespace sallyport;

namespace {

constexpr std::array kPhases{Phase::new_peer, Phase::introduced, Phase::challenged, Phase::admitted,
                             Phase::dialled,  Phase::connected,  Phase::over};

template <class T>
std::string phases_of() {
  std::string text;
  for (const auto phase : kPhases) text += permitted(ask_index<T>(), phase) ? 'x' : '.';
  return text;
}

}  // namespace

TEST_CASE("I3, I7: each question is allowed in its phases and in no other") {
  //                                          new intr chal adm dial conn over
  CHECK(phases_of<AskPassword>() == "x......");
  CHECK(phases_of<AskQuestion>() == ".x.....");
  CHECK(phases_of<AskAnswer>() == "..x....");
  CHECK(phases_of<AskTarget>() == "...x..x");
  CHECK(phases_of<AskTargetFailed>() == "....x.x");
  CHECK(phases_of<AskConnected>() == "....x.x");
  CHECK(phases_of<AskChannel>() == ".....xx");
  CHECK(phases_of<AskDirect>() == ".....xx");
  CHECK(phases_of<TellFile>() == ".....xx");
  CHECK(phases_of<TellChannelClosed>() == ".....xx");
  CHECK(phases_of<TellActivity>() == ".....xx");
  CHECK(phases_of<TellFinished>() == "xxxxxxx");
  CHECK(phases_of<TellApiSession>() == ".....xx");
  CHECK(phases_of<TellLoggedOff>() == ".......");
}

TEST_CASE("a question is refused once it was asked as often as it may be") {
  RequestBudget budget;
  CHECK(budget.spend(Ask{AskTarget{}}, Phase::admitted));
  CHECK_FALSE(budget.spend(Ask{AskTarget{}}, Phase::admitted));
  for (std::uint32_t i = 0; i < kMostTries; ++i) CHECK(budget.spend(Ask{AskPassword{}}, Phase::new_peer));
  CHECK_FALSE(budget.spend(Ask{AskPassword{}}, Phase::new_peer));
}

TEST_CASE("a refused question costs nothing") {
  RequestBudget budget;
  CHECK_FALSE(budget.spend(Ask{AskTarget{}}, Phase::new_peer));
  CHECK(budget.spend(Ask{AskTarget{}}, Phase::admitted));
}
