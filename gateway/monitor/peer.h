// Peer: one SSH connection, or all HTTPS connections of one source address, as the monitor sees it: a worker,
// its questions, and what they lead to. The worker is treated as hostile: every question is checked against
// the table in requests.h and every argument again. Runs in: sallyportd (privileged). Never reads a peer's
// bytes.
#pragma once

#include <functional>
#include <optional>

#include "auth/attempt.h"
#include "auth/auth_client.h"
#include "auth/question.h"
#include "gateway/monitor/gate.h"
#include "gateway/monitor/requests.h"
#include "gateway/monitor/seeming_grant.h"
#include "policies/rep.h"

namespace sallyport {

class Peer {
 public:
  Peer(Gate& gate, PeerId id, Carriage door, Endpoint endpoint, Throttle::Ticket ticket,
       WorkerProcess worker);
  ~Peer();

  // Hands the rep's socket to the worker and starts the clock of the login.
  Done begin(const UniqueFd& socket);
  // One more connection of the same source address to the HTTPS door. A worker that does not take it loses
  // that one alone.
  void hand_over(const UniqueFd& socket);

  PeerId id() const noexcept { return id_; }
  Carriage door() const noexcept { return door_; }
  const Endpoint& endpoint() const noexcept { return endpoint_; }
  bool is_before_login() const noexcept {
    return phase_ == Phase::new_peer || phase_ == Phase::introduced || phase_ == Phase::challenged;
  }
  bool has_helper() const noexcept { return helper_.has_value(); }
  void warn(const std::string& sentence) { tell(Warn{cut(sentence)}); }
  void hold(bool held, const std::string& sentence) { tell(Hold{held, cut(sentence)}); }
  void end(const std::string& sentence);
  // Kills the worker and cuts the target off; nothing is heard of it any more.
  void stop();
  void cut_target() noexcept;

 private:
  // ---- the worker's questions, in the order of the story (peer.cpp)
  void on_message();
  void on(AskPassword& ask);  // on_password, in peer_login.cpp
  void on(AskQuestion& ask);  // on_question
  void on(AskAnswer& ask);    // on_answer
  void on(AskTarget& ask);    // on_target, in peer_session.cpp
  void on(AskTargetFailed& ask);
  void on(AskConnected& ask);
  void on(AskChannel& ask);
  void on(AskDirect& ask);  // in peer_direct.cpp
  void on(TellFile& told);  // in peer_files.cpp
  void on(TellApiSession& told);  // in peer_web.cpp
  void on(TellLoggedOff& told);
  void on(TellChannelClosed& told);
  void on(TellActivity& told);
  void on(TellFinished& told);
  void on_worker_gone(const std::string& why);

  // ---- login (peer_login.cpp)
  void put_question();
  Done ask_helper();
  void tell_challenge(std::string gate_answer);
  void start_helper();
  HelperAsk check_of(Secret response) const;
  KeyChallenge key_challenge() const;                        // in peer_webauthn.cpp
  CheckAssertion assertion_check_of(Secret response) const;  // the same
  CheckSignature signature_check_of(Secret response) const;  // in peer_signature.cpp, as these are
  std::string draw_signature_question();
  Done check_key(const SignatureVerdict& key) const;
  void on_helper_message();
  void on_helper_gone();
  void take(const PasswordVerdict& verdict);
  void take(const ResponseVerdict& verdict);
  void take(const SignatureVerdict& verdict);
  void take(const GateAnswer& answer);
  void decide();
  void admit();
  void refuse();
  void answer_refusal();
  void tell_refusal();
  void count_unanswered();
  void count_failure();

  // ---- session (peer_session.cpp)
  void on_dialled(Result<Dial::Connected> dialled);
  Result<UniqueFd> start_channel(Session& session, std::uint32_t channel, const AskChannel& ask,
                                 const Policy& policy);
  void target_unreachable(const std::string& sentence, const std::string& detail);
  Answer beginning() const;
  Result<Port> target_port(const Target& target) const;
  Result<Answer> target_for_worker() const;
  Result<TargetSocket> target_socket(const Target& target) const;
  Result<WebTarget> web_target(const Target& target) const;  // in peer_web.cpp
  Connection connection_of(const AskConnected& ask) const;
  Done open_forwards(const Grant& grant);
  std::size_t most_channels(const Grant& grant) const;
  Session* session();
  bool has_channel(const Session& session, std::uint32_t channel) const;

  // ---- ways through SSH (peer_direct.cpp)
  Result<std::vector<Endpoint>> direct_endpoints(const Grant& grant, const AskDirect& ask) const;
  Result<std::vector<Endpoint>> web_endpoints(const Target& target, const AskDirect& ask) const;
  void refuse_direct(std::uint32_t token, const std::string& asked, const std::string& why);
  void on_direct_dialled(std::uint32_t token, Result<Dial::Connected> dialled);
  void close_direct(std::uint32_t channel);
  void cut_directs() noexcept;
  bool has_running_session() { return phase_ != Phase::over && session() != nullptr && !session()->ending; }

  template <class Words>
  void tell(Words&& words, int descriptor = -1);
  static std::string cut(const std::string& sentence);

  Gate& gate_;
  PeerId id_;
  Carriage door_;  // ssh or https
  Endpoint endpoint_;
  std::optional<Throttle::Ticket> ticket_;  // given back at login
  WorkerProcess worker_;
  Phase phase_ = Phase::new_peer;
  RequestBudget budget_;
  Watch messages_;
  Timer deadline_;  // of the phase: the login, the way into the target, the last words

  Attempt attempt_;
  // How this try is asked, decided with the name and the same for whoever is behind it (I11).
  struct Asking {
    Standing standing = Standing::stranger;
    std::string account;                           // whose password PAM is asked about
    Secret password;                               // until PAM is asked
    ResponseMethod method = ResponseMethod::ocra;  // of the rep, or of the decoy
    SeemingGrant grant;                            // as the peer is shown it
    std::string suite;                             // of the rep, or of the decoy
    bool mutual = false;                           // the same
    std::string secret_file;                       // the same; only an expected rep's counts
    std::optional<QuestionPlace> place;            // for a suite with session information
    std::string rep_question;                      // with mutual authentication
    std::string keys_file;                         // with ssh-signature and webauthn
    bool user_verification = false;                // the same; of the grant's policy
    std::string prompt;                            // the same; its question is in attempt_
    std::vector<std::string> credentials;          // with webauthn, as they are shown
    bool challenge_due = false;  // the worker waits for it; with mutual authentication the helper, too
  } asking_;
  std::string rep_;               // the name of this try, if it is known
  std::optional<GrantId> grant_;  // what this try may claim or join; after admission, what it has
  bool joined_ = false;           // it is not the session's first login
  std::optional<AuthHelper> helper_;
  Watch helper_messages_;
  Timer helper_deadline_, refusal_;
  std::uint64_t next_counter_ = 0;
  std::string fault_;  // of the rep's enrolled secret, found in this try
  std::optional<SignatureVerdict> signed_by_;

  std::unique_ptr<Dial> dial_;
  UniqueFd
      target_;  // our copy of the target's socket: shutting it down ends the flow whatever the worker does
  Address target_address_;

  struct Direct {
    std::string asked;        // "host:port", as the rep wrote it
    std::vector<Lease> ways;  // the gate's own way there
    std::unique_ptr<Dial> dial;
    UniqueFd socket;  // our copy, as target_ is; closed before the way is
    Timer settling;
    BootTime give_up{};
  };
  std::map<std::uint32_t, Direct> directs_;  // being dialled, by token
  // By channel; and those that the worker has closed, while the target takes the last bytes.
  std::map<std::uint32_t, Direct> open_directs_, closing_directs_;
};

// Which ids of credentials the page of a name shows that is asked like that rep, in base64url.
std::vector<std::string> credentials_shown(const Rep& like, const std::string& name, const Secret& decoy_key);

// A new connection from the listener, to that port of the gate's.
void welcome(Gate& gate, UniqueFd socket, const Endpoint& endpoint, Port at);
Peer* find_peer(Gate& gate, PeerId id);
// Stops and forgets all peers that `which` names.
void drop_peers_if(Gate& gate, const std::function<bool(const Peer&)>& which);
void reap_helpers(Gate& gate);

template <class Words>
void Peer::tell(Words&& words, int descriptor) {
  const auto bytes = encode(gate_.incarnation, Answer{std::forward<Words>(words)});
  if (worker_.channel().send(bytes, descriptor)) return;
  // Gone, or stuck, or hostile. Its channel closes with it; on_message sees that and takes the one way out.
  phase_ = Phase::over;
  worker_.kill();
}

}  // namespace sallyport
