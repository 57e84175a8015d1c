// What a command line may hold, and what is said when it holds something else.
#include "gateway/console/command_line.h"

#include <iostream>
#include <sstream>

#include "tests/catch.h"

using namespace sallyport;

namespace {

// gate walk NAME [--port N] [--speed N] [--gait TEXT] [--with A,B] [--far] [--farther] [--tag TEXT]...
struct Gate {
  CommandLine line{"gate", "About the program"};
  std::string name, gait = "trot";
  std::vector<std::string> with, tags;
  std::uint16_t port = 22;
  std::uint32_t channel = 0;
  double speed = 1;
  bool loud = false, far = false, farther = false, ran = false;

  Gate() {
    line.version("gate 7");
    line.flag("--loud", loud, "for every command");
    line.needs_subcommand();
    const auto walk = line.subcommand("walk", "Goes somewhere").heading("Ways");
    walk.option("name", name, "where to").required();
    walk.option("--port", port, "the port").shows_default();
    walk.option("--channel", channel, "the channel").between(1U, 9U);
    walk.option("--speed", speed, "the speed").between(0.5, 2.0);
    walk.option("--gait", gait, "the gait").one_of({"trot", "canter"});
    walk.option("--with", with, "the others").separated_by_commas();
    walk.option(
        "--tag", [this](const std::string& tag) { tags.push_back(tag); }, "a tag");
    const auto is_far = walk.flag("--far", far, "far away");
    walk.flag("--farther", farther, "farther away").needs(is_far);
    walk.flag("--near", loud, "near").excludes(is_far);
    walk.footer("The last line.");
    walk.runs([this] { ran = true; });
  }

  // "" when the line was taken.
  std::string problem(std::vector<const char*> typed) {
    typed.insert(typed.begin(), "gate");
    const auto taken = line.run(static_cast<int>(typed.size()), typed.data());
    return taken ? "" : taken.error().problem + " | " + taken.error().command;
  }

  std::string printed(std::vector<const char*> typed) {
    std::ostringstream out;
    auto* const before = std::cout.rdbuf(out.rdbuf());
    const auto wrong = problem(std::move(typed));
    std::cout.rdbuf(before);
    return wrong.empty() ? out.str() : wrong;
  }
};

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("what was typed stands in the command's variables when it runs") {
  Gate gate;
  CHECK(gate.problem({"walk", "there", "--with", "ann,bob", "--port=2200", "--speed", "1.5", "--gait",
                      "canter", "--tag", "x", "--far", "--farther", "--loud"}) == "");
  CHECK(gate.ran);
  CHECK(gate.name == "there");
  CHECK(gate.with == std::vector<std::string>{"ann", "bob"});
  CHECK(gate.tags == std::vector<std::string>{"x"});
  CHECK(gate.port == 2200);
  CHECK(gate.speed == 1.5);
  CHECK(gate.gait == "canter");
  CHECK((gate.far && gate.farther));
  CHECK(gate.loud);  // the program's own option, behind the command
}

TEST_CASE("a variable keeps what it held when nothing was typed for it") {
  Gate gate;
  CHECK(gate.problem({"walk", "there"}) == "");
  CHECK(gate.port == 22);
  CHECK(gate.gait == "trot");
  CHECK_FALSE(gate.far);
}

TEST_CASE("a wrong command line runs nothing, and says why in one line and where help is") {
  struct Wrong {
    std::vector<const char*> typed;
    std::string why;
    std::string command;
  };
  const std::vector<Wrong> wrongs{
      {{}, "subcommand is required", "gate"},
      {{"fly"}, "'fly' is not known here", "gate"},
      {{"walk"}, "name is required", "gate walk"},
      {{"walk", "--nonsense"},
       "'--nonsense' is not known here",
       "gate walk"},  // rather than that a name is missing
      {{"walk", "there", "again"}, "'again' is not known here", "gate walk"},
      {{"walk", "there", "--port"}, "--port", "gate walk"},
      {{"walk", "there", "--port", "ssh"}, "--port", "gate walk"},
      {{"walk", "there", "--port", "70000"}, "--port", "gate walk"},
      {{"walk", "there", "--channel", "0"}, "not in range", "gate walk"},
      {{"walk", "there", "--channel", "10"}, "not in range", "gate walk"},
      {{"walk", "there", "--speed", "2.1"}, "not in range", "gate walk"},
      {{"walk", "there", "--gait", "amble"}, "amble not in {trot,canter}", "gate walk"},
      {{"walk", "there", "--farther"}, "--farther requires --far", "gate walk"},
      {{"walk", "there", "--near", "--far"}, "excludes", "gate walk"},
  };
  for (const auto& wrong : wrongs) {
    Gate gate;
    const auto problem = gate.problem(wrong.typed);
    CAPTURE(problem);
    CHECK(contains(problem, wrong.why));
    CHECK(contains(problem, " | " + wrong.command));
    CHECK_FALSE(contains(problem, "\n"));
    CHECK_FALSE(gate.ran);
  }
}

TEST_CASE("--help and --version print and run nothing") {
  Gate gate;
  const auto program = gate.printed({"--help"});
  CHECK(contains(program, "About the program"));
  CHECK(contains(program, "Ways:\n  walk"));
  const auto walk = gate.printed({"walk", "--help"});
  CHECK(contains(walk, "Goes somewhere"));
  CHECK((contains(walk, "=22") || contains(walk, "[22]")));  // as CLI11 2.1, as 2.4
  CHECK(contains(walk, "The last line."));
  CHECK(gate.printed({"--version"}) == "gate 7\n");
  CHECK_FALSE(gate.ran);
}

TEST_CASE("is_given tells a typed value from the one that stood there") {
  CommandLine line{"gate", ""};
  std::string name = "here";
  const auto argument = line.option("--name", name, "");
  const char* const typed[] = {"gate", "--name", "here"};
  REQUIRE(line.run(1, typed));
  CHECK_FALSE(argument.is_given());
  REQUIRE(line.run(3, typed));
  CHECK(argument.is_given());
}

TEST_CASE("what a command's body throws comes through") {
  CommandLine line{"gate", ""};
  line.runs([] { throw std::out_of_range{"of a library"}; });
  const char* const typed[] = {"gate"};
  CHECK_THROWS_AS(line.run(1, typed), std::out_of_range);
}
