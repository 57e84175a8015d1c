// Exchange: one request of the rep's, carried to the target, and its response back; or a WebSocket for as
// long as it lasts. Runs in: sallyport-https.
#pragma once

#include "gateway/https/files/body_account.h"
#include "gateway/https/http/rewrite.h"
#include "gateway/https/inbox.h"
#include "gateway/https/pages.h"
#include "gateway/https/request_log.h"
#include "gateway/https/rest_logon.h"
#include "gateway/https/target.h"

namespace sallyport {

struct Relayed {
  std::uint64_t to_target = 0, from_target = 0;
};

class Exchange {
 public:
  Exchange(Stream& rep, Inbox& from_rep, Target& target, http::Rewriter& rewriter, const Pages& pages,
           Relayed& relayed)
      : rep_(rep),
        from_rep_(from_rep),
        target_(target),
        rewriter_(rewriter),
        pages_(pages),
        relayed_(relayed) {}

  // Whether the rep's connection can carry another request.
  Task<bool> run(http::RequestHead request);
  // The session is over: a response that is on its way to the rep ends here, however slowly the rep takes it.
  void break_off() {
    if (heard_) rep_.cut();
  }
  // What came of it, for the record.
  const RequestEnd& end() const noexcept { return told_; }
  // What passed of files, once it has run.
  std::vector<TellFile> take_files();
  // The session of the target's REST API that it has made or ended.
  std::optional<TellApiSession> api_session() const;

 private:
  Task<bool> refuse(int status, const char* why);
  Task<bool> send_piece(std::string_view data);
  Task<bool> carry();
  Task<> send_body();
  Task<> send_and_watch();
  Task<> hear_for_rep();
  Task<> hear_response();
  Task<http::Parsed<http::ResponseHead>> final_head();
  Task<bool> pass_body(const http::BodySize& size, const http::BodySize& as, std::string begun);
  Task<bool> to_rep(std::string_view bytes);
  Task<> relay_raw();
  Task<> pump_to_target();
  Task<> pump_to_rep();
  Task<bool> to_target(std::string_view bytes);

  Stream& rep_;
  Inbox& from_rep_;
  Target& target_;
  http::Rewriter& rewriter_;
  const Pages& pages_;
  Relayed& relayed_;

  http::RequestHead request_;
  std::string gate_;  // as the rep addresses it
  std::unique_ptr<Upstream> upstream_;
  RequestEnd told_;
  std::optional<BodyAccount> upload_, download_;
  std::optional<LogonAnswer> logon_;
  struct Hashes {
    Sha256 to_target, from_target;
  };
  std::optional<Hashes> websocket_;
  bool rep_failed_ = false;  // in its body, or it has left
  int rep_fault_ = kGone;    // and why
  bool sent_ = false;        // the request is with the target, whole
  bool heard_ = false;       // the response has begun to go to the rep
  bool complete_ = false;    // the response is with the rep, whole
  bool reusable_ = false;    // the target's connection
};

}  // namespace sallyport
