// A peer's login: password, challenge and response, and one verdict on both. The challenge is shown at once,
// whoever asks and whatever the password; PAM works meanwhile. A refusal looks and takes the same for an
// unknown rep, a rep without a grant, a wrong password and a wrong response (I11). Runs in: sallyportd
// (privileged). Never reads a peer's bytes.
#include <algorithm>

#include "auth/decoy.h"
#include "auth/ocra_mutual.h"
#include "auth/question.h"
#include "base/log.h"
#include "gateway/monitor/lifecycle.h"
#include "gateway/monitor/login_name.h"
#include "gateway/monitor/peer.h"
#include "gateway/monitor/sessions.h"

namespace sallyport {

namespace {

const std::string kNobody = "nobody";
constexpr std::ptrdiff_t kMostHelpers = 16;

const Rep* find_rep(const Gate& gate, const std::string& name) {
  const auto found = gate.catalogue.reps.find(name);
  return found == gate.catalogue.reps.end() ? nullptr : &found->second;
}

// The rep that a name is asked like: itself, with or without a grant, and for an unknown name always the same
// rep, so that the form of the question tells nothing either. A rep who cannot answer at this door is as
// unknown here as any name. Looked up for everybody, to take the same time. Nothing when there are no reps.
const Rep* asked_like(const Gate& gate, const std::string& name, Carriage door) {
  std::vector<std::string_view> names;
  for (const auto& [other, rep] : gate.catalogue.reps)
    if (method_at(rep, door)) names.push_back(other);
  const auto decoy = decoy_for(name, gate.decoy_key, names);
  const Rep* const rep = find_rep(gate, name);
  if (rep != nullptr && method_at(*rep, door)) return rep;
  return names.empty() ? nullptr : find_rep(gate, std::string{names[decoy]});
}

OcraSuite suite_named(const std::string& text) {
  auto suite = OcraSuite::parse(text);
  if (!suite) suite = OcraSuite::parse(kDefaultOcraSuite);
  return *std::move(suite);
}

// A serial number may be larger than what every reader of JSON takes for a number.
void note_key(Entry& accepted, const SignatureVerdict& key) {
  accepted.fields["key"] = key.key;
  accepted.fields["key_type"] = key.key_type;
  if (key.counts) accepted.fields["key_counter"] = key.counter;
  if (key.authority.empty()) return;
  accepted.fields["authority"] = key.authority;
  accepted.fields["certificate_serial"] = fmt::format("{}", key.serial);
  accepted.fields["certificate_id"] = key.certificate_id;
}

std::uint64_t wall_seconds(const Gate& gate) {
  const auto since = gate.clock.wall().time_since_epoch();
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::seconds>(since).count());
}

}  // namespace

void Peer::on(AskPassword& ask) {
  const LoginName name{ask.user};
  const Rep* const rep = find_rep(gate_, name.rep);
  const Rep* const like = asked_like(gate_, name.rep, door_);
  const bool may_come = rep == like && rep != nullptr && !gate_.ledger.reps().is_suspended(name.rep);
  const Grant* const joined =
      may_come ? joinable(gate_, name.rep, name.target, endpoint_.address, door_) : nullptr;
  const Grant* const armed =
      may_come ? gate_.ledger.admissible(name.rep, name.target, endpoint_.address, door_) : nullptr;
  const Grant* const grant = joined != nullptr ? joined : armed;
  joined_ = joined != nullptr;
  rep_ = rep == nullptr ? "" : rep->name;
  grant_ = grant == nullptr ? std::nullopt : std::optional{grant->id};
  asking_ = {};
  asking_.standing = grant == nullptr ? Standing::stranger : Standing::expected;
  // A stranger's password costs PAM the same time, on an account that lets nobody in; its verdict cannot
  // count.
  asking_.account = grant == nullptr ? kNobody : rep->account;
  asking_.password = std::move(ask.password);
  asking_.suite = like == nullptr ? kDefaultOcraSuite : like->suite;
  asking_.method = like == nullptr ? ResponseMethod::ocra : *method_at(*like, door_);
  asking_.mutual = asking_.method == ResponseMethod::ocra && like != nullptr && like->mutual;
  asking_.secret_file = like == nullptr ? "" : like->secret_file.string();
  asking_.keys_file = like == nullptr ? "" : enrolled_file(*like, asking_.method).string();
  if (asking_.method == ResponseMethod::webauthn)
    asking_.credentials = credentials_shown(*like, name.rep, gate_.decoy_key);
  asking_.user_verification = grant != nullptr && grant->user_verification;
  // Made up for everybody, to take the same time.
  asking_.grant =
      seeming_for({name.rep, name.target, endpoint_.address}, gate_.ledger.grants(), gate_.decoy_key);
  const Grant* const shown = grant != nullptr || !may_come
                                 ? grant
                                 : gate_.ledger.awaited(name.rep, name.target, endpoint_.address, door_);
  if (shown != nullptr) asking_.grant = seeming(*shown);
  if (suite_named(asking_.suite).session_length())
    asking_.place = {asking_.grant.id, gate_.catalogue.settings.gate_name, gate_.host_keys.fingerprint()};
  signed_by_.reset();
  start_helper();
  if (!asking_.mutual) return put_question();
  phase_ = Phase::introduced;
  tell(QuestionWanted{});
}

void Peer::on(AskQuestion& ask) {
  asking_.rep_question = ungrouped(ask.question);
  const auto suite = suite_named(asking_.suite);
  if (!check_mutual_question(suite, asking_.rep_question)) {
    // It fails like a wrong response, and nobody sees where.
    asking_.standing = Standing::stranger;
    asking_.rep_question = draw_question(suite, gate_.random);
  }
  put_question();
}

// The gate's question is drawn here, after the rep's has come: auth/ocra_mutual.h says why.
void Peer::put_question() {
  auto question = asking_.method == ResponseMethod::ocra
                      ? draw_question(suite_named(asking_.suite), gate_.random)
                      : draw_signature_question();
  auto given = attempt_.password_given(asking_.standing, std::move(question), gate_.clock.boot());
  if (!given) return on_worker_gone(given.error().message());
  phase_ = Phase::challenged;
  asking_.challenge_due = true;
  if (!helper_ || !ask_helper()) on_helper_gone();
  if (!asking_.mutual) take(GateAnswer{});
}

Done Peer::ask_helper() {
  const auto place = asking_.place.value_or(QuestionPlace{});
  // Before the password, so that what PAM takes for whom does not show in when the challenge comes.
  if (asking_.mutual)
    RETURN_IF_ERROR(
        helper_->send(AnswerQuestion{asking_.suite, asking_.secret_file, asking_.rep_question,
                                     attempt_.question(), gate_.ledger.counter_of(rep_), wall_seconds(gate_),
                                     place.fingerprint, place.grant, gate_.options.credential.string()}));
  return helper_->send(CheckPassword{gate_.catalogue.settings.pam_service, asking_.account,
                                     endpoint_.address.text(), std::move(asking_.password)});
}

void Peer::tell_challenge(std::string gate_answer) {
  asking_.challenge_due = false;
  if (asking_.method == ResponseMethod::webauthn) return tell(key_challenge());
  if (asking_.method == ResponseMethod::ssh_signature) return tell(Challenge{asking_.prompt});
  tell(Challenge{challenge_prompt({attempt_.question(), asking_.place, std::move(gate_answer)})});
}

void Peer::start_helper() {
  if (helper_) return;
  // PAM is other people's code, and each helper is a process of root's: a bound that no setting lifts.
  const auto running = std::count_if(gate_.peers.begin(), gate_.peers.end(),
                                     [](const auto& entry) { return entry.second->has_helper(); });
  if (running >= kMostHelpers)
    return log_warning("{}: {} login helpers are at work already", endpoint_.text(), running);
  auto helper = AuthHelper::start(gate_.options.libexec / "sallyport-auth",
                                  gate_.catalogue.settings.login.helper_deadline);
  if (!helper) return log_error("{}", helper.error().message());
  helper_.emplace(*std::move(helper));
  helper_messages_ = Watch{gate_.loop, helper_->fd(), Watch::For::reading, [this] { on_helper_message(); }};
}

void Peer::on(AskAnswer& ask) {
  const auto now = gate_.clock.boot();
  if (auto given = attempt_.response_given(now); !given) return on_worker_gone(given.error().message());
  if (attempt_.standing() == Standing::stranger || !helper_) {
    take(ResponseVerdict{});
    return decide();
  }
  const auto sent = helper_->send(check_of(std::move(ask.response)));
  // The helper watches its own time too; this one holds even when it cannot.
  helper_deadline_ =
      Timer::once(gate_.loop, gate_.catalogue.settings.login.helper_deadline, [this] { on_helper_gone(); });
  if (!sent) on_helper_gone();
}

HelperAsk Peer::check_of(Secret response) const {
  if (asking_.method == ResponseMethod::webauthn) return assertion_check_of(std::move(response));
  if (asking_.method == ResponseMethod::ssh_signature) return signature_check_of(std::move(response));
  const auto place = asking_.place.value_or(QuestionPlace{});
  return CheckResponse{asking_.suite,
                       asking_.secret_file,
                       attempt_.question(),
                       std::move(response),
                       gate_.ledger.counter_of(rep_),
                       wall_seconds(gate_),
                       asking_.rep_question,
                       place.fingerprint,
                       place.grant,
                       gate_.options.credential.string()};
}

void Peer::on_helper_message() {
  const auto answer = helper_->receive();
  if (!answer && answer.error().code() == EAGAIN) return;
  if (!answer) return on_helper_gone();
  std::visit([this](const auto& verdict) { take(verdict); }, *answer);
  decide();
}

void Peer::on_helper_gone() {
  if (helper_) gate_.ended_helpers.push_back(helper_->pid());
  helper_messages_ = {};
  helper_deadline_ = {};
  helper_.reset();
  log_warning("{}: the login helper is gone; this try counts as failed", endpoint_.text());
  take(PasswordVerdict{false});
  take(GateAnswer{});
  if (attempt_.phase() != LoginPhase::response_given) return;
  take(ResponseVerdict{});
  decide();
}

// A verdict that comes twice or out of turn is refused by the attempt, and changes nothing.
void Peer::take(const PasswordVerdict& verdict) {
  (void)attempt_.password_verdict(verdict.ok ? CheckVerdict::good : CheckVerdict::bad, gate_.clock.boot());
}

void Peer::take(const ResponseVerdict& verdict) {
  if (verdict.ok) next_counter_ = verdict.next_counter;
  fault_ = verdict.fault;
  (void)attempt_.response_verdict(verdict.ok ? CheckVerdict::good : CheckVerdict::bad, gate_.clock.boot());
}

// Whoever may not learn the gate's answer is shown another one, made in the same way with a key of no rep's.
void Peer::take(const GateAnswer& answer) {
  if (!asking_.challenge_due) return;
  if (!asking_.mutual) return tell_challenge({});
  const auto decoy = decoy_answer(suite_named(asking_.suite), gate_.random);
  const bool is_true = asking_.standing == Standing::expected && !answer.text.empty();
  tell_challenge(is_true ? answer.text : decoy);
}

void Peer::decide() {
  if (!attempt_.complete()) return;
  helper_deadline_ = {};
  if (attempt_.accepted())
    admit();
  else
    refuse();
}

void Peer::admit() {
  const Rep* const rep = find_rep(gate_, rep_);
  Entry accepted{"login.accepted", {{"grant", grant_->value()}, {"rep", rep_}, {"peer", endpoint_.text()}}};
  const auto suite = rep == nullptr ? OcraSuite::parse("") : OcraSuite::parse(rep->suite);
  accepted.fields["method"] = to_text(asking_.method);
  if (signed_by_)
    note_key(accepted, *signed_by_);
  else if (suite && suite->has_counter())
    accepted.fields["counter"] = next_counter_;
  auto session = [&]() -> Result<std::string> {
    if (gate_.ledger.reps().is_suspended(rep_)) return fail("the rep has been suspended");
    if (signed_by_) RETURN_IF_ERROR(check_key(*signed_by_));
    const auto before = gate_.ledger.head();
    if (joined_) {
      RETURN_IF_ERROR(join_session(gate_, *grant_, *this, accepted));
      return gate_.sessions.at(*grant_).name;
    }
    auto claimed = claim(gate_, *grant_, endpoint_, id_, accepted);
    // The counter is used up all the same: a response is good for one answer.
    if (!claimed && gate_.ledger.head() == before) RETURN_IF_ERROR(gate_.ledger.note(accepted));
    return claimed;
  }();
  if (!session) {
    // Somebody was faster, or nothing can be recorded: to the rep it looks like any refusal (I11).
    log_warning("{}: login of {} was right, but {}", endpoint_.text(), rep_, session.error().message());
    grant_.reset();
    return refuse();
  }
  (void)attempt_.conclude();
  phase_ = Phase::admitted;
  // The target's own prompts can take minutes; the idle limit bounds them (sessions.cpp).
  deadline_ = {};
  ticket_.reset();
  if (helper_) gate_.ended_helpers.push_back(helper_->pid());
  helper_messages_ = {};
  helper_.reset();
  tell(Admitted{*session, gate_.ledger.find(grant_->value())->target});
  // Others who were logging in on this grant have nothing left to log in to.
  if (auto settled = settle(gate_); !settled) log_error("{}", settled.error().message());
}

void Peer::refuse() {
  gate_.throttle.failed(endpoint_.address);
  const auto now = gate_.clock.boot();
  const auto at = std::max(attempt_.refusal_time(), now) + gate_.throttle.penalty(endpoint_.address);
  refusal_ = Timer::once(gate_.loop, std::chrono::ceil<std::chrono::milliseconds>(at - now),
                         [this] { answer_refusal(); });
}

// Whoever has let the gate answer and leaves without an answer of its own has failed, or the gate's answers
// could be collected for nothing (auth/ocra_mutual.h). Anybody else who leaves has learnt nothing.
void Peer::count_unanswered() {
  const bool unanswered = asking_.mutual && attempt_.phase() == LoginPhase::password_given;
  if (phase_ != Phase::challenged || !unanswered || !grant_) return;
  phase_ = Phase::over;
  gate_.throttle.failed(endpoint_.address);
  count_failure();
}

// A session that runs is nobody's to lock: who fails to join it is slowed down by its source alone.
void Peer::count_failure() {
  const auto grant = std::exchange(grant_, std::nullopt);
  if (grant && !joined_) return count_failed_login(gate_, *grant, endpoint_, rep_);
  Entry failed{"login.failed", {{"peer", endpoint_.text()}}};
  if (!rep_.empty()) failed.fields["rep"] = rep_;
  if (auto noted = gate_.ledger.note(failed); !noted) log_error("journal: {}", noted.error().message());
}

// The rep is told nothing of it; an admin has to know, or the secret of a rep could be spoilt in silence.
void Peer::answer_refusal() {
  Gate& gate = gate_;
  const Entry unusable{"rep.secret_unusable", {{"rep", rep_}, {"problem", fault_}}};
  const bool is_unusable = !std::exchange(fault_, {}).empty();
  tell_refusal();  // this peer may be at its end with it
  // After the answer, so that the answer does not come later than another's.
  if (is_unusable) gate.ledger.note_closing(unusable);
}

void Peer::tell_refusal() {
  // The record is written now and not before, so that writing it takes the same part of the time for
  // everybody.
  const auto id = id_;
  Gate& gate = gate_;
  count_failure();
  if (find_peer(gate, id) == nullptr) return;  // that was one failure too many: the grant is locked
  const auto outcome = attempt_.conclude();
  const bool again = outcome && *outcome == Attempt::Outcome::try_again;
  phase_ = again ? Phase::new_peer : Phase::over;
  tell(NotAdmitted{again});
}

}  // namespace sallyport
