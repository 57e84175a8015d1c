// Runs in: sallyportd (privileged). Never reads a peer's bytes.
#include "gateway/monitor/firewall_watch.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "gateway/audit/json.h"
#include "gateway/monitor/lifecycle.h"
#include "gateway/monitor/peer.h"
#include "gateway/monitor/reload.h"
#include "gateway/monitor/sessions.h"

namespace sallyport {

namespace {

constexpr const char* kEndReason = "the gate's firewall rules were changed by somebody else";

// A foreign change names at most so many things in its record; the rest is a number.
constexpr std::size_t kMostNamed = 16;

std::vector<GrantId> grants_in(const Gate& gate, GrantState state) {
  std::vector<GrantId> ids;
  for (const auto& [id, grant] : gate.ledger.grants())
    if (grant.state == state) ids.push_back(id);
  return ids;
}

void end_every_session(Gate& gate) {
  std::vector<GrantId> ids;  // ending one may forget it
  for (const auto& [id, session] : gate.sessions) ids.push_back(id);
  for (const auto& id : ids) end_session(gate, id, kEndReason);
}

Done put_right(Gate& gate) {
  RETURN_IF_ERROR(gate.firewall.guard(guarded_by(gate.catalogue)));
  return gate.firewall.check_guard();
}

// The first whose act touched our tables; null when nobody told.
const ForeignAct* culprit(const FirewallNews& news) {
  const auto found = std::ranges::find_if(news.acts, &ForeignAct::touches_ours);
  return found == news.acts.end() ? nullptr : &*found;
}

std::string doer(const ForeignAct& act) {
  if (act.pid == 0) return "the kernel";
  return fmt::format("{} (process {})", act.process, act.pid);
}

nlohmann::json what_was_done(const FirewallNews& news) {
  nlohmann::json what = nlohmann::json::array();
  std::size_t more = 0;
  const auto* const first = culprit(news);
  for (const auto& act : news.acts)
    for (const auto& change : act.changes) {
      if (!change.is_ours()) continue;
      const auto by = act.pid == first->pid ? std::string{} : " by " + doer(act);
      if (what.size() == kMostNamed)
        ++more;
      else
        what.push_back(change.text() + by);
    }
  if (more != 0) what.push_back(fmt::format("and {} more", more));
  if (news.overrun) what.push_back("more than the kernel could tell");
  return what;
}

void merge(FirewallNews& into, FirewallNews more) {
  std::ranges::move(more.acts, std::back_inserter(into.acts));
  into.overrun = into.overrun || more.overrun;
}

// The lease of a grant that is armed and whose time has not come.
void reopen(Gate& gate, const GrantId& id) {
  const auto until = gate.ledger.deadline(id);
  if (until <= gate.clock.boot()) return;  // the tick closes it
  const Grant& grant = *gate.ledger.find(id.value());
  if (gate.doors.follow(grant, until)) return;
  gate.doors.close(id);  // the lease is void; a fresh one is not
  if (auto opened = gate.doors.follow(grant, until); !opened)
    revoke(gate, id, "gateway", "could not be opened again: " + opened.error().message());
}

}  // namespace

Done reopen_doors(Gate& gate) {
  // An opening of nothing: makes a live table where there is none.
  RETURN_IF_ERROR(gate.firewall.open({}));
  RETURN_IF_ERROR(gate.firewall.check_guard());
  gate.shut = false;
  for (const auto& id : grants_in(gate, GrantState::armed)) reopen(gate, id);
  for (const auto& id : grants_in(gate, GrantState::active))
    if (!gate.doors.follow(*gate.ledger.find(id.value()), gate.ledger.deadline(id)))
      end_session(gate, id, kEndReason);
  return settle(gate);
}

Done FirewallKeeper::watch() {
  readable_ = {};
  watch_.reset();
  ASSIGN_OR_RETURN(auto watch, FirewallWatch::open());
  watch_.emplace(std::move(watch));
  readable_ = Watch{gate_.loop, watch_->fd(), Watch::For::reading, [this] { on_readable(); }};
  return {};
}

void FirewallKeeper::on_readable() {
  auto news = hear();
  if (news.overrun || news.touches_ours() || gate_.shut) consider(std::move(news));
}

void FirewallKeeper::look() { consider(hear()); }

FirewallNews FirewallKeeper::hear() {
  if (!watch_) return {};
  auto news = watch_->read();
  if (news) return *std::move(news);
  log_error("firewall: {}; subscribing again", news.error().message());
  if (auto again = watch(); !again) log_error("firewall: {}", again.error().message());
  return {.acts = {}, .overrun = true};
}

void FirewallKeeper::consider(FirewallNews news) {
  if (auto sound = gate_.firewall.check_guard(); !sound) return repair(std::move(news), sound.error());
  if (std::exchange(gate_.shut, false)) {
    journal("firewall.repaired", news, "");
    if (auto open = reopen_doors(gate_); !open) log_error("firewall: {}", open.error().message());
  } else if (news.touches_ours()) {
    journal("firewall.changed", news, "nothing that matters");
  }
  if (!news.overrun) return;
  const auto left = gate_.firewall.residue();
  if (left && left->empty()) return;
  journal("firewall.changed", news,
          left ? fmt::format("open for nobody: {}", fmt::join(*left, "; ")) : left.error().message());
}

// Repaired first, asked who it was afterwards: the kernel queues a batch's notification before it lets the
// next batch, ours, in. What nobody was seen to do is taken for the worst, as is the removal of the deny
// side: in between, packets may have passed that no grant allowed.
void FirewallKeeper::repair(FirewallNews news, const Error& found) {
  auto repaired = put_right(gate_);
  merge(news, hear());
  const bool was_open = !news.touches_ours() || news.overrun || news.removes_base();
  const bool is_news = !std::exchange(gate_.shut, true);
  if (is_news && (was_open || !repaired)) journal("firewall.changed", news, found.message());
  if (was_open || !repaired) end_every_session(gate_);
  const auto open = reopen_doors(gate_);
  if (open) return journal("firewall.repaired", news, found.message());
  gate_.shut = true;
  if (is_news) log_error("firewall: it cannot be repaired: {}; nobody is let in", open.error().message());
  gate_.listener->close();
  drop_peers_if(gate_, [](const Peer& peer) { return peer.is_before_login(); });
}

void FirewallKeeper::journal(const char* event, const FirewallNews& news, const std::string& found) {
  Entry entry{event, {{"what", what_was_done(news)}}};
  if (!found.empty()) entry.fields["found"] = found;
  const auto* const act = culprit(news);
  if (act != nullptr && act->pid != 0) entry.fields.update({{"process", act->process}, {"pid", act->pid}});
  // A process may name itself in bytes that are not UTF-8.
  const auto what = json_text(entry.fields["what"]);
  log_error("{} by {}: {} {}", event, act == nullptr ? "nobody knows whom" : doer(*act), what, found);
  gate_.ledger.note_closing(entry);
}

}  // namespace sallyport
