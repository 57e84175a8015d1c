// Runs in: sallyportd (privileged). Never reads a peer's bytes.
#include "gateway/monitor/monitor.h"

#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>

#include "auth/sealed_secret.h"
#include "base/log.h"
#include "base/sha256.h"
#include "firewall/nft_firewall.h"
#include "gateway/audit/file_journal.h"
#include "gateway/audit/head_keeper.h"
#include "gateway/audit/state_folder.h"
#include "gateway/core/programs.h"
#include "gateway/monitor/closed_table.h"
#include "gateway/monitor/commands.h"
#include "gateway/monitor/firewall_watch.h"
#include "gateway/monitor/gate.h"
#include "gateway/monitor/lifecycle.h"
#include "gateway/monitor/notify.h"
#include "gateway/monitor/peer.h"
#include "gateway/monitor/reload.h"
#include "gateway/monitor/sessions.h"
#include "gateway/monitor/stored_secret.h"
#include "gateway/monitor/traffic.h"
#include "gateway/version/version.h"

namespace sallyport {

namespace {

constexpr std::chrono::seconds kTick{1};
constexpr std::chrono::seconds kShutdownTime{4};  // for sessions to end in order

Result<Catalogue> load_or_explain(const std::filesystem::path& folder) {
  auto catalogue = load_catalogue(folder);
  if (catalogue) return *std::move(catalogue);
  for (const auto& problem : catalogue.error()) log_error("{}", problem.message());
  return fail("{} has {} problems; nothing was started", folder.string(), catalogue.error().size());
}

Done make_folder(const std::filesystem::path& folder, mode_t mode) {
  if (mkdir(folder.c_str(), mode) != 0 && errno != EEXIST) return fail_errno("making {}", folder.string());
  return {};
}

ThrottleLimits throttle_limits(const LoginLimits& login) {
  ThrottleLimits limits;
  limits.connections = login.unauthenticated;
  limits.connections_per_source = login.unauthenticated_per_source;
  limits.connections_a_second = login.connections_a_second;
  return limits;
}

void tick(Gate& gate, FirewallKeeper& keeper) {
  gate.ledger.retry_unwritten();
  auto due = gate.ledger.due();
  std::erase_if(due,
                [&](const auto& id) { return gate.ledger.find(id.value())->state == GrantState::active; });
  expire(gate, due);
  keeper.look();
  tend_sessions(gate);
  close_left_over_recordings(gate);
  reap_helpers(gate);
  gate.ledger.forget_ended();
  gate.ledger.keep_segments_short();  // also where nothing happens: one grows old
}

void sign_head(Gate& gate, const FileJournal& journal, HeadKeeper& heads) {
  const auto root = [&journal] { return journal.tree().root(); };
  if (auto done = heads.look(journal.head().seq, root, gate.clock.boot()); !done)
    log_error("signing the journal's head: {}", done.error().message());
}

// Ends sessions in order, then stops the loop. Armed grants stay armed in the journal and come back.
class Shutdown {
 public:
  explicit Shutdown(Gate& gate) : gate_(gate) {}
  void begin() {
    if (begun_) return;
    begun_ = true;
    notify_service_manager("STOPPING=1");
    gate_.stopping = true;
    gate_.listener->close();
    drop_peers_if(gate_, [](const Peer& peer) { return peer.is_before_login(); });
    std::vector<GrantId> running;
    for (const auto& [id, session] : gate_.sessions) running.push_back(id);
    for (const auto& id : running) {
      if (gate_.sessions.at(id).ending)
        end_session_at_once(gate_, id, "the gateway was stopped");
      else
        end_session(gate_, id, "the gateway was stopped");
    }
    deadline_ = gate_.clock.boot() + kShutdownTime;
    poll_ = Timer::every(gate_.loop, std::chrono::milliseconds{20}, [this] { stop_when_done(); });
  }

 private:
  void stop_when_done() {
    if (!gate_.sessions.empty() && gate_.clock.boot() < deadline_) return;
    gate_.ledger.note_closing({"gateway.stopped", {{"reason", "asked to stop"}}});
    gate_.loop.stop();
  }
  Gate& gate_;
  bool begun_ = false;
  BootTime deadline_;
  Timer poll_;
};

void on_signal(int signal, Gate& gate, Shutdown& shutdown) {
  if (signal != SIGHUP) return shutdown.begin();
  notify_service_manager("RELOADING=1");
  if (auto reloaded = reload(gate); !reloaded) log_error("reload: {}", reloaded.error().message());
  notify_service_manager("READY=1");
}

Workers worker_programs(const Options& options, const Settings& settings) {
  const auto program = [&](const char* name) {
    return WorkerProgram{options.libexec / name, settings.worker_user, options.run / "empty"};
  };
  return {program("sallyport-ssh"), program("sallyport-https")};
}

// What a start stands on. `sallyport doctor` looks at the same things.
Done check_host(const Options& options, const Clock& clock) {
  if (clock.wall() < kMadeAfter)
    return fail("the clock shows {}: no deadline and no record would be right (fix: set the clock)",
                to_rfc3339(clock.wall()));
  RETURN_IF_ERROR(check_programs(options.libexec));
  return check_state_folder(options.state);
}

Done make_folders(const Options& options, std::optional<gid_t> auditors) {
  RETURN_IF_ERROR(make_folder(options.state, 0750));
  // Auditors read the journal and the recordings in there; they write nothing.
  if (auditors && chown(options.state.c_str(), 0, *auditors) != 0)
    return fail_errno("handing {} to {}", options.state.string(), kAuditorGroup);
  RETURN_IF_ERROR(make_folder(options.run, 0755));
  return make_folder(options.run / "empty", 0555);
}

Done run(Gate& gate, const FileJournal& journal, HeadKeeper& heads) {
  close_left_over_recordings(gate);
  FirewallKeeper keeper{gate};
  RETURN_IF_ERROR(keeper.watch());
  reopen_armed(gate);
  Shutdown shutdown{gate};
  const Signals signals{
      gate.loop, {SIGTERM, SIGINT, SIGHUP}, [&](int signal) { on_signal(signal, gate, shutdown); }};
  const auto ticking = Timer::every(gate.loop, kTick, [&] {
    tick(gate, keeper);
    sign_head(gate, journal, heads);
  });
  const auto telling = Timer::every(gate.loop, kTrafficPeriod, [&] { tell_traffic(gate); });
  Timer watchdog;
  if (const auto period = watchdog_period())
    watchdog = Timer::every(gate.loop, *period, [] { notify_service_manager("WATCHDOG=1"); });
  notify_service_manager("READY=1");
  log_info("sallyportd {} is ready; {} grants are armed", kVersion,
           std::count_if(gate.ledger.grants().begin(), gate.ledger.grants().end(),
                         [](const auto& entry) { return entry.second.state == GrantState::armed; }));
  gate.loop.run();
  heads.hurry();
  sign_head(gate, journal, heads);
  return {};
}

FileJournalOptions journal_options(const JournalSettings& settings, std::optional<gid_t> auditors) {
  FileJournalOptions options;
  options.group = auditors;
  options.segment_bytes = std::uint64_t{settings.segment_mib} * 1024 * 1024;
  options.segment_records = settings.segment_records;
  options.segment_age = settings.segment_age();
  return options;
}

HeadOptions head_options(const Options& options, const Settings& settings, std::optional<gid_t> auditors) {
  HeadOptions heads;
  heads.state = options.state;
  heads.name = settings.gate_name + "/journal";
  heads.group = auditors;
  heads.copies = settings.journal.copy_heads_to;
  return heads;
}

// A key is made once; who keeps heads elsewhere learns from the record that there is another one.
Done note_key(Ledger& ledger, const HeadKeeper& heads) {
  if (!heads.made_key()) return {};
  return ledger.note({"journal.key_made", {{"key", heads.verifier().text()}}});
}

}  // namespace

Done run_monitor(const Options& options) {
  prctl(PR_SET_DUMPABLE, 0);  // host keys and passwords pass through here: no core, no ptrace (I9)
  umask(0077);
  Loop loop;
  const SystemClock clock;
  SystemRandom random;
  RETURN_IF_ERROR(check_host(options, clock));
  ASSIGN_OR_RETURN(auto catalogue, load_or_explain(options.config));
  if (!options.credential.empty()) RETURN_IF_ERROR(SealingKey::read(options.credential));
  ASSIGN_OR_RETURN(auto host_keys, HostKeys::load(options.config, catalogue.settings.ssh_profile));
  RecordingOptions recording_options;
  const auto auditors = recording_options.group = group_id(kAuditorGroup);
  RETURN_IF_ERROR(make_folders(options, auditors));

  // The journal's lock comes first: it tells that no other gate runs here. Then the deny side, before
  // anything can listen. Then what the journal says is live.
  ASSIGN_OR_RETURN(const auto journal,
                   FileJournal::open(journal_folder(options.state), clock,
                                     journal_options(catalogue.settings.journal, auditors)));
  ASSIGN_OR_RETURN(auto heads, HeadKeeper::open(head_options(options, catalogue.settings, auditors), random));
  if (heads.last()) RETURN_IF_ERROR(journal->continues(*heads.last()));
  ASSIGN_OR_RETURN(const auto firewall, NftFirewall::create(clock, catalogue.settings.mark_bit));
  RETURN_IF_ERROR(firewall->guard(guarded_by(catalogue)));
  RETURN_IF_ERROR(store_closed_table(options.state, catalogue));
  ASSIGN_OR_RETURN(auto recordings, RecordingStore::open(options.state, recording_options));
  ASSIGN_OR_RETURN(auto ledger, Ledger::replay(*journal, clock, random));

  Incarnation incarnation = 0;
  random.fill(std::as_writable_bytes(std::span{&incarnation, 1}));
  Throttle throttle{clock, throttle_limits(catalogue.settings.login)};
  const auto ports = entry_ports(catalogue.settings);
  const auto workers = worker_programs(options, catalogue.settings);
  Gate gate{loop,
            clock,
            random,
            options,
            incarnation,
            clock.wall(),
            std::move(catalogue),
            std::move(host_keys),
            *firewall,
            ledger,
            recordings,
            throttle,
            workers,
            Doors{*firewall, ports},
            {},
            {},
            {},
            {},
            {},
            {},
            {}};
  gate.decoy_key = Secret::taking(Sha256::hex_of(gate.host_keys.private_keys.front().reveal()));
  gate.listener =
      std::make_unique<Listener>(loop, [&gate](UniqueFd socket, const Endpoint& peer, const Endpoint& at) {
        welcome(gate, std::move(socket), peer, Port{at.port});
      });
  ASSIGN_OR_RETURN(gate.control, ControlServer::listen(
                                     loop, options.run / "control.sock",
                                     [&gate](std::uint64_t id, const nlohmann::json& request) {
                                       run_command(gate, id, request);
                                     },
                                     [&gate](std::uint64_t id) { gate.scans.erase(id); }));
  ledger.on_record([&](const Record& record) {
    gate.control->broadcast(record);
    if (record.event == "session.ended") heads.hurry();
  });
  RETURN_IF_ERROR(ledger.note(
      {"gateway.started", {{"version", kVersion}, {"incarnation", fmt::format("{:016x}", incarnation)}}}));
  RETURN_IF_ERROR(note_key(ledger, heads));
  RETURN_IF_ERROR(load_certificate(gate));
  seal_stored_secrets(gate);
  return run(gate, *journal, heads);
}

}  // namespace sallyport
