// StreamLink: TCP, or TLS over it (RFC 5425), with a receiver that has no way to say what it has taken. What
// is known is how a connection ends: finish() closes our side, and the receiver closes its own when it has
// read everything up to that; had it left a byte unread, its kernel would reset. Over TLS its own end is
// asked for, too, unless the settings take TCP's (`receipt`). Runs in: sallyport-send.
#pragma once

#include "base/unique_fd.h"
#include "gateway/send/link.h"
#include "gateway/send/tls_client.h"

namespace sallyport {

class StreamLink final : public Link {
 public:
  static Result<std::unique_ptr<Link>> open(const Destination& destination, const std::string& host,
                                            Waiter& waiter);
  Done send(const std::vector<Report>& reports) override;
  Done finish() override;
  int descriptor() const override { return socket_.get(); }
  Done alive() override;

 private:
  StreamLink(UniqueFd socket, TlsContext context, const Destination& destination, std::string host,
             Waiter& waiter)
      : socket_(std::move(socket)),
        context_(std::move(context)),
        host_(std::move(host)),
        facility_(destination.facility),
        receipt_(destination.receipt),
        patience_(destination.patience),
        waiter_(waiter) {}
  Done begin_tls(const Destination& destination);
  Done write(std::string_view bytes);
  // Reads what comes, which says nothing to us, until the end of the stream.
  enum class Seen { nothing, end, farewell };  // farewell: TLS's own end, which nobody can forge
  Result<Seen> discard();
  Done wait_for(int tls_error);
  Result<int> untaken() const;  // bytes that the receiver's kernel has not acknowledged
  Done acknowledged();

  UniqueFd socket_;
  TlsContext context_;
  Tls tls_;  // none: plain TCP
  std::string host_;
  std::uint8_t facility_;
  Receipt receipt_;
  std::chrono::milliseconds patience_;
  Waiter& waiter_;
};

}  // namespace sallyport
