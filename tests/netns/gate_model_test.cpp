// Random life of a gate: enable, claim, dial, connect, end, revoke, lock, expire, kill, stop, restart; after
// each step the kernel's dump equals a plain model. Runs in: tests, as root.
//
// Real: the files of /etc/sallyport and their parser, evaluate(), lifecycle.cpp, sessions.cpp, doors.cpp,
// firewall_watch.cpp (looking once a tick, told by the kernel), the ledger on a journal of files, the
// listener on the gate's addresses, NftFirewall on this kernel. Not real: the clock, which the test turns,
// and the worker with its Peer, whose few lines between a question and the verbs above stand in
// gate_process.h.
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <random>

#include "gateway/audit/verify.h"
#include "tests/catch.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/temporary_folder.h"
#include "tests/netns/gate_process.h"
#include "tests/netns/gate_site.h"
#include "tests/netns/kernel_dump.h"

using namespace sallyport;

namespace {

using State = ModelGrant::State;
using Way = ModelGrant::Way;

constexpr int kRuns = 40, kSteps = 250;  // 10,000 steps
constexpr int kMostLive = 12;            // grants; then no more are enabled
constexpr int kStepsAForeignDump = 50;
constexpr std::size_t kTold = 12;  // the last acts, when something is wrong

Options options_in(const std::filesystem::path& config, const std::filesystem::path& state) {
  Options options;
  options.config = config;
  options.state = state;
  return options;
}

Address parsed(const std::string& text) { return *Address::parse(text); }
std::vector<Address> parsed(const std::vector<std::string>& texts) {
  std::vector<Address> addresses;
  for (const auto& text : texts) addresses.push_back(parsed(text));
  return addresses;
}

// ---- the life

class Life {
 public:
  Life(unsigned seed, const NetNamespace& host) : seed_(seed), host_(host), chance_(seed) {
    write_site(config_);
    start();
  }

  void step(int number) {
    number_ = number;
    if (process_)
      act();
    else if (chance_.below(3) != 0)
      start();
    else
      pass_time();
    if (process_) process_->drop_ways_of_the_ended();
    compare();
    if (number % kStepsAForeignDump == 0) compare_with_foreign_dump();
  }

  // The journal tells the same story.
  void close() {
    if (!process_) start();
    compare_with_foreign_dump();
    host_.run("nft list ruleset > /dev/null");  // it can be read by people
    stop();
    compare();
    const auto folder = state_.path() / "journal";
    const auto walk = must(verify_journal(folder));
    CHECK(walk.records > 50);
    CHECK_FALSE(walk.broken);
    CHECK_FALSE(walk.torn);
    must(walk_journal(must(journal_files(folder)), [](const Record& record, const Place&) -> Done {
      if (record.event == "firewall.closed" && !record.fields.at("left").empty())
        return fail("left open: {}", record.fields.dump());
      if (record.event == "firewall.changed" || record.event == "firewall.repaired")
        return fail("takes its own hands for foreign ones: {}", record.fields.dump());
      return {};
    }));
  }

  std::map<std::string, int> done;  // how often each act did something

 private:
  Gate& gate() { return process_->gate; }
  long now() const {
    return std::chrono::duration_cast<std::chrono::seconds>(clock_.boot().time_since_epoch()).count();
  }
  void tell(const std::string& what) {
    told_.push_back(fmt::format("{}: {}", number_, what));
    if (told_.size() > kTold) told_.erase(told_.begin());
  }
  void did(const std::string& what, const std::string& id = "") {
    ++done[what];
    tell(what + " " + id);
  }

  void act() {
    struct Act {
      int weight;
      const char* name;
      void (Life::*act)();
    };
    static constexpr std::array kActs{
        Act{24, "enable", &Life::enable_one},
        Act{40, "log in", &Life::log_in},
        Act{4, "claim again", &Life::claim_again},
        Act{90, "go on", &Life::go_on},
        Act{12, "not reached", &Life::not_reached},
        Act{16, "through SSH", &Life::through_ssh},
        Act{7, "leave", &Life::leave},
        Act{4, "end", &Life::end},
        Act{4, "revoke", &Life::revoke_one},
        Act{9, "bad login", &Life::bad_login},
        Act{2, "unlock", &Life::unlock_one},
        Act{8, "pass time", &Life::pass_time},
        Act{9, "jump to a deadline", &Life::jump},
        Act{3, "kill", &Life::kill},
        Act{1, "stop", &Life::stop},
    };
    int sum = 0;
    for (const auto& act : kActs) sum += act.weight;
    int drawn = chance_.below(sum);
    for (const auto& act : kActs)
      if ((drawn -= act.weight) < 0) return tell(act.name), (this->*act.act)();
  }

  // A random grant in one of these states; null for none.
  std::pair<GrantId, ModelGrant*> any(std::initializer_list<State> states) {
    std::vector<std::string> ids;
    for (const auto& [id, grant] : model_.grants)
      if (std::find(states.begin(), states.end(), grant.state) != states.end()) ids.push_back(id);
    if (ids.empty()) return {};
    const auto& id = chance_.of(ids);
    return {GrantId{id}, &model_.grants.at(id)};
  }

  ModelNetwork any_network() {
    const bool six = chance_.one_in(3);
    const int size = 1 << chance_.below(5);
    return {six, chance_.below(kHosts / size) * size, size};
  }

  int live() const {
    return static_cast<int>(std::ranges::count_if(
        model_.grants, [](const auto& entry) { return entry.second.state != State::over; }));
  }

  ModelGrant any_grant() {
    ModelGrant grant;
    grant.rep = chance_.one_in(2) ? "kim" : "lee";
    grant.target = chance_.one_in(2) ? &kTargets.front() : &chance_.of(kTargets);
    grant.policy = &chance_.of(kPolicies);
    for (int i = chance_.below(3); i >= 0; --i) grant.networks.push_back(any_network());
    grant.connect_by = 120 + chance_.below(1500);
    grant.session = 600 + chance_.below(3000);
    return grant;
  }
  static EnableRequest request_for(const ModelGrant& grant) {
    EnableRequest request;
    request.rep = grant.rep;
    request.target = grant.target->name;
    request.policy = grant.policy->name;
    for (const auto& network : grant.networks) request.networks.push_back(network.text());
    request.connect_within = std::chrono::seconds{grant.connect_by};
    request.session = std::chrono::seconds{grant.session};
    return request;
  }
  void is_armed(const GrantId& id, ModelGrant grant) {
    grant.connect_by += now();
    model_.grants[id.value()] = std::move(grant);
  }

  void enable_one() {
    if (live() >= kMostLive) return;
    const auto grant = any_grant();
    auto request = request_for(grant);
    const bool from_elsewhere = has_isolated(*grant.policy) && chance_.one_in(5);
    if (from_elsewhere) request.networks.push_back("203.0.113.64/30");
    const bool allowed =
        !from_elsewhere && GateModel::may_be_enabled(*grant.target, *grant.policy, grant.networks);
    const auto id = enable(gate(), request, {1000, "alice"});
    REQUIRE(id.has_value() == allowed);
    if (!id) return did("enabling refused");
    is_armed(*id, grant);
    did("enabled", id->value());
  }
  static bool has_isolated(const ModelPolicy& policy) {
    return std::ranges::any_of(policy.services,
                               [](const auto& service) { return service.port != 22 && service.port != 443; });
  }

  // A host where somebody is at work or is awaited, or any, also one in nobody's network.
  ModelHost any_host() {
    const auto [id, grant] = chance_.one_in(2) ? any({State::armed}) : any({State::active});
    if (grant == nullptr || chance_.one_in(4)) {
      const bool six = chance_.one_in(3);
      return {six, chance_.below(kHosts + 2)};
    }
    if (grant->state == State::active) return grant->host;
    const auto& network = chance_.of(grant->networks);
    return {network.six, network.first + chance_.below(network.size)};
  }

  void log_in() {
    const std::string rep = chance_.one_in(2) ? "kim" : "lee";
    const std::string target = chance_.one_in(2) ? "" : chance_.of(kTargets).name;
    const auto host = any_host();
    const auto wanted = model_.admissible(rep, target, host);
    const Grant* const found = gate().ledger.admissible(rep, target, parsed(host.text()));
    REQUIRE((found == nullptr ? "" : found->id.value()) == wanted);
    if (wanted.empty()) return did("stranger");
    const GrantId id{wanted};
    const bool clashes = model_.clashes(wanted, host);
    const auto session = claim(gate(), id, {parsed(host.text()), 50000}, kNoPeer);
    REQUIRE(session.has_value() == !clashes);
    if (clashes) return did("refused: two meanings", wanted);
    auto& grant = model_.grants.at(wanted);
    grant.state = State::active;
    grant.host = host;
    grant.end_by = now() + grant.session;
    did("claimed", wanted);
  }

  void claim_again() {
    const auto [id, grant] = any({State::active, State::ending, State::over});
    if (grant == nullptr) return;
    REQUIRE_FALSE(
        claim(gate(), id, {parsed(ModelHost{false, chance_.below(kHosts)}.text()), 50001}, kNoPeer));
    did("claim refused", id.value());
  }

  // From claimed to dialling to dialled to connected.
  void go_on() {
    const auto [id, grant] = any({State::active});
    if (grant == nullptr) return;
    switch (grant->way) {
      case Way::none:
        must(process_->dial(id, parsed(grant->target->addresses)));
        grant->way = Way::dialling;
        break;
      case Way::dialling:
        grant->answered = chance_.of(grant->target->addresses);
        must(process_->dial(id, {parsed(grant->answered)}));
        grant->way = Way::dialled;
        break;
      case Way::dialled:
        return connect(id, *grant);
      case Way::connected:
        return;
    }
    did("dialled", id.value());
  }
  void connect(const GrantId& id, ModelGrant& grant) {
    const bool routed = model_.may_be_routed(id.value());
    REQUIRE(process_->connect(id, parsed(grant.answered)) == routed);
    if (routed)
      grant.way = Way::connected;
    else
      GateModel::end(grant);
    did(routed ? "connected" : "ended: two meanings", id.value());
  }

  void not_reached() {
    const auto [id, grant] = any({State::active});
    if (grant == nullptr || grant->way == Way::connected) return;
    process_->not_reached(id);
    grant->close_ways();
    if (grant->policy->failed_dial_spends)
      grant->state = State::ending;
    else
      grant->state = grant->connect_by <= now() ? State::over : State::armed;
    did(grant->state == State::armed  ? "given back"
        : grant->state == State::over ? "given back late"
                                      : "spent",
        id.value());
  }

  void through_ssh() {
    const auto [id, grant] = any({State::active});
    if (grant == nullptr || grant->way != Way::connected) return;
    for (const auto& service : grant->policy->services) {
      if (service.carriage != std::string{"through-ssh"}) continue;
      if (grant->through)
        process_->through.erase(id);
      else
        must(process_->open_through(id, parsed(grant->answered),
                                    Port{static_cast<std::uint16_t>(service.port)}));
      grant->through = !grant->through;
      did("through SSH", id.value());
    }
  }

  void leave() {
    const auto [id, grant] = any({State::active, State::ending});
    if (grant == nullptr) return;
    process_->through.erase(id);
    end_session_at_once(gate(), id, "the rep left");
    GateModel::end(*grant);
    did("left", id.value());
  }

  void end() {
    const auto [id, grant] = any({State::active, State::ending});
    if (grant == nullptr) return;
    process_->through.erase(id);
    end_session(gate(), id, "ended by alice", "alice");
    if (grant->state == State::active) GateModel::end(*grant);
    did("ended", id.value());
  }

  void revoke_one() {
    const auto [id, grant] = any({State::armed, State::locked, State::active, State::ending});
    if (grant == nullptr || grant->revoked) return;  // the console refuses what is not live
    process_->through.erase(id);
    revoke(gate(), id, "alice", "no longer needed");
    grant->revoked = true;
    if (grant->state != State::ending) GateModel::end(*grant);
    did("revoked", id.value());
  }

  void bad_login() {
    const auto [id, grant] = any({State::armed});
    if (grant == nullptr) return;
    const auto& network = chance_.of(grant->networks);
    const ModelHost from{network.six, network.first + chance_.below(std::min(network.size, 2))};
    count_failed_login(gate(), id, {parsed(from.text()), 50002}, grant->rep);
    if (grant->fails_from(from)) {
      grant->state = State::locked;
      return did("locked", id.value());
    }
    did(grant->bars(from) ? "barred" : "bad login", id.value());
  }

  void unlock_one() {
    auto [id, grant] = any({State::locked});
    if (grant == nullptr) std::tie(id, grant) = any({State::armed});
    if (grant == nullptr) return;
    const bool was_locked = grant->state == State::locked;
    must(unlock(gate(), id, "alice", "the rep called"));
    grant->state = State::armed;
    grant->failed_logins.clear();
    did(was_locked ? "unlocked" : "nothing to unlock", id.value());
  }

  // What has a deadline of its own in the loop's time, the last words to a rep, is over by then.
  void advance(long seconds) {
    clock_.advance(std::chrono::seconds{seconds});
    if (!process_) return;
    for (const auto& [id, grant] : model_.grants)
      if (grant.state == State::ending) end_session_at_once(gate(), GrantId{id}, "");
    process_->tick();
    model_.after_time(now());
  }
  void pass_time() {
    advance(1 + chance_.below(60));
    did("time passed");
  }
  void jump() {
    const auto [id, grant] = any({State::armed, State::active});
    if (grant == nullptr) return;
    const bool to_connect =
        grant->connect_by > now() && (grant->state == State::armed || grant->way != Way::connected);
    const auto left = (to_connect ? grant->connect_by : grant->end_by) - now();
    if (left > 900) return;  // else few would live long
    advance(left - (chance_.one_in(4) ? 1 : 0));
    did(grant->state == State::over ? "expired" : "all but expired", id.value());
  }

  // At any instant: also between a record and what follows from it, also in the middle of a line.
  void kill() {
    if (chance_.one_in(3)) enable_and_no_more();
    if (chance_.one_in(3)) claim_and_no_more();
    GateProcess::kill(std::move(process_));
    if (chance_.one_in(3)) tear_last_line();
    did("killed");
  }
  void enable_and_no_more() {
    const auto grant = any_grant();
    const auto permit = evaluate(gate().catalogue, request_for(grant));
    if (permit) is_armed(must(gate().ledger.enable(*permit, {1000, "alice"})), grant);
  }
  void claim_and_no_more() {
    const auto [id, grant] = any({State::armed});
    if (grant == nullptr) return;
    if (grant->bars(ModelHost{})) return;
    must(gate().ledger.claim(id, {parsed(ModelHost{}.text()), 50003}));
    grant->state = State::active;
  }
  void tear_last_line() const {
    const auto files = must(journal_files(state_.path() / "journal"));
    std::ofstream{files.back(), std::ios::app} << R"({"event":"grant.enabled","grant":"g-)";
  }

  void stop() {
    process_->through.clear();
    process_->stop();
    for (auto& [id, grant] : model_.grants)
      if (!grant.waits()) GateModel::end(grant);
    compare();
    process_.reset();
    did("stopped");
  }

  void start() {
    const auto catalogue = load_catalogue(config_.path());
    REQUIRE(catalogue);
    process_ = std::make_unique<GateProcess>(options_, clock_, chance_, *catalogue);
    model_.after_restart(now());
    did("started");
  }

  // ---- after each step

  void compare() {
    if (!process_) return nothing_is_open();
    // inspect() and residue() are both made of this; one dump a step.
    const auto model = model_.elements();
    const auto held = must(gate().firewall.held());
    std::vector<std::string> lines;
    for (const auto& one : held) lines.push_back(one.text);
    if (const auto kernel = elements_of(lines); model != kernel)
      complain("the gate's own dump", difference_text(model, kernel));
    for (const auto& one : held)
      if (one.leases.empty()) complain("nobody's", one.text);
    listens_as_it_should();
  }
  void compare_with_foreign_dump() {
    if (!process_) return;
    const auto model = model_.elements(), kernel = elements_that_nft_tells(host_);
    if (model != kernel) complain("the dump of nft", difference_text(model, kernel));
    const auto residue = must(gate().firewall.residue());
    if (!residue.empty()) complain("residue", residue.front());
    most_seen = std::max(most_seen, static_cast<int>(kernel.size()));
  }
  void nothing_is_open() {
    const auto tables = host_.output_of("nft list tables");
    if (tables != "table inet sallyport_base\n") complain("after the gate's end", tables);
  }
  // I1. A session of which the rep is being told the end is no reason to listen, nor to stop.
  void listens_as_it_should() {
    const auto count = [&](State state) {
      return std::ranges::count(model_.grants, state, [](const auto& entry) { return entry.second.state; });
    };
    const bool listens = !gate().listener->listening().empty();
    const bool should = count(State::armed) + count(State::active) > 0 && !gate().stopping;
    if (listens != should && (should || count(State::ending) == 0)) complain("the listener", "");
  }
  void complain(const std::string& where, const std::string& what) {
    std::string text = fmt::format("seed {}, step {}, {}:\n{}", seed_, number_, where, what);
    for (const auto& one : told_) text += "  after " + one + "\n";
    for (const auto& [id, grant] : model_.grants)
      if (grant.state != State::over)
        text += fmt::format("  {} state {} at {} until {}\n", id, static_cast<int>(grant.state),
                            grant.host.text(), (grant.waits() ? grant.connect_by : grant.end_by) - now());
    FAIL(text);
  }

 public:
  int most_seen = 0;

 private:
  unsigned seed_;
  const NetNamespace& host_;
  Chance chance_;
  int number_ = 0;
  std::vector<std::string> told_;
  FakeClock clock_;
  ConfigFolder config_;
  TemporaryFolder state_;
  Options options_ = options_in(config_.path(), state_.path());
  GateModel model_;
  std::unique_ptr<GateProcess> process_;
};

// How often each act did something.
std::map<std::string, int> live(unsigned seed, int steps) {
  const NetNamespace host;
  host.run("ip addr add 192.0.2.1/32 dev lo; ip addr add 2001:db8::1/128 dev lo");
  return host.in([&] {
    Life life{seed, host};
    for (int i = 1; i <= steps; ++i) life.step(i);
    life.close();
    life.done["elements at once"] = life.most_seen;
    return life.done;
  });
}

}  // namespace

TEST_CASE("I4: after each of 10,000 random steps of a gate's life the kernel holds what its grants imply") {
  std::map<std::string, int> done;
  std::string seeds;
  for (unsigned seed = 1; seed <= kRuns; ++seed) {
    seeds += fmt::format(" {}", seed);
    for (const auto& [what, times] : live(seed, kSteps)) done[what] += times;
  }
  std::cout << "seeds" << seeds << ", " << kSteps << " steps each:";
  for (const auto& [what, times] : done) std::cout << ' ' << what << ' ' << times << ';';
  std::cout << '\n';
  for (const auto* what : {"enabled",
                           "enabling refused",
                           "claimed",
                           "stranger",
                           "claim refused",
                           "refused: two meanings",
                           "dialled",
                           "connected",
                           "ended: two meanings",
                           "given back",
                           "given back late",
                           "spent",
                           "through SSH",
                           "left",
                           "ended",
                           "revoked",
                           "bad login",
                           "barred",
                           "locked",
                           "unlocked",
                           "expired",
                           "killed",
                           "stopped",
                           "started"}) {
    INFO(what);
    CHECK(done[what] > 0);
  }
}

// unshare --net netns_gate_model "[soak]"; with SEED=7 in the environment from that one on
TEST_CASE("as long as nobody stops it, the kernel holds what the grants imply", "[.][soak]") {
  const char* const first = std::getenv("SEED");
  for (auto seed = first == nullptr ? std::random_device{}() : static_cast<unsigned>(std::atoi(first));;
       ++seed) {
    std::cout << "seed " << seed << std::endl;
    live(seed, 4 * kSteps);
  }
}
