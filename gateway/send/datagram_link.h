// DatagramLink: a unix datagram socket, of a syslog daemon or of journald. Runs in: sallyport-send.
#pragma once

#include <sys/types.h>

#include <functional>

#include "base/unique_fd.h"
#include "gateway/send/link.h"

namespace sallyport {

class DatagramLink final : public Link {
 public:
  // A report as a datagram, and as the one that is sent where the whole is too large for the socket.
  struct Form {
    std::function<std::string(const Report&)> whole, without_text;
  };
  static Result<std::unique_ptr<Link>> open(const Destination& destination, Form form, Waiter& waiter);

  Done send(const std::vector<Report>& reports) override;
  // A datagram counts on our side until the receiver has read it. A receiver that died lets them go unread;
  // then its socket is another one, or refuses.
  Done finish() override;
  int descriptor() const override { return -1; }
  Done alive() override { return {}; }

 private:
  // Of the file: a socket that is bound anew is another one.
  struct Identity {
    dev_t device;
    ino_t inode;
    timespec changed;
  };
  DatagramLink(UniqueFd socket, Identity identity, const Destination& destination, Form form, Waiter& waiter)
      : socket_(std::move(socket)),
        identity_(identity),
        path_(destination.socket),
        patience_(destination.patience),
        form_(std::move(form)),
        waiter_(waiter) {}
  static Result<Identity> identity_of(const std::filesystem::path& path);
  static Result<UniqueFd> connect_to(const std::filesystem::path& path);
  Result<bool> put(const std::string& datagram);  // false: it is too large

  UniqueFd socket_;
  Identity identity_;
  std::filesystem::path path_;
  std::chrono::milliseconds patience_;
  Form form_;
  Waiter& waiter_;
};

}  // namespace sallyport
