// Runs in: sallyport-send.
#include "gateway/send/stream_link.h"

#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <array>

#include "gateway/send/dial.h"
#include "gateway/send/syslog_message.h"

namespace sallyport {

namespace {

using namespace std::chrono_literals;
constexpr auto kLookAgain = 5ms;
constexpr const char* kTcpAlone =
    "it ended TCP, but not TLS (fix: make it answer TLS's close_notify, or, where nobody on the way could "
    "forge TCP's end, set receipt = \"tcp\" in its [[send]])";

}  // namespace

Result<std::unique_ptr<Link>> StreamLink::open(const Destination& destination, const std::string& host,
                                               Waiter& waiter) {
  TlsContext context;
  if (destination.by == SendBy::tls) {
    ASSIGN_OR_RETURN(context, tls_context_for(destination));
  }
  ASSIGN_OR_RETURN(auto socket, dial(destination, waiter));
  std::unique_ptr<StreamLink> link{
      new StreamLink{std::move(socket), std::move(context), destination, host, waiter}};
  if (link->context_) RETURN_IF_ERROR(link->begin_tls(destination));
  return link;
}

Done StreamLink::begin_tls(const Destination& destination) {
  ASSIGN_OR_RETURN(tls_, tls_over(socket_.get(), context_.get(), destination));
  for (;;) {
    ERR_clear_error();
    const int done = SSL_connect(tls_.get());
    if (done == 1) return {};
    const int error = SSL_get_error(tls_.get(), done);
    if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE)
      return fail("the TLS handshake: {}", tls_problem(tls_.get()));
    if (auto waited = wait_for(error); !waited)
      return fail("the TLS handshake: {}", waited.error().message());
  }
}

Done StreamLink::wait_for(int tls_error) {
  return waiter_.wait_for(socket_.get(), tls_error == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT, patience_);
}

Done StreamLink::write(std::string_view bytes) {
  while (!bytes.empty()) {
    std::size_t put = 0;
    int error = SSL_ERROR_WANT_WRITE;
    if (tls_) {
      ERR_clear_error();
      const int done = SSL_write_ex(tls_.get(), bytes.data(), bytes.size(), &put);
      error = done == 1 ? SSL_ERROR_NONE : SSL_get_error(tls_.get(), done);
      if (error != SSL_ERROR_NONE && error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE)
        return fail("it ended the connection: {}", tls_problem(tls_.get()));
    } else if (const auto sent = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL); sent >= 0) {
      put = static_cast<std::size_t>(sent);
    } else if (errno != EAGAIN && errno != EINTR) {
      return fail_errno("it ended the connection");
    }
    bytes.remove_prefix(put);
    if (put > 0) continue;
    if (auto waited = wait_for(error); !waited) return fail("it took {}", waited.error().message());
  }
  return {};
}

Done StreamLink::send(const std::vector<Report>& reports) {
  std::string bytes;
  for (const auto& report : reports) bytes += octet_counted(syslog_message(report, host_, facility_));
  return write(bytes);
}

Result<StreamLink::Seen> StreamLink::discard() {
  std::array<char, 4096> ignored;
  for (;;) {
    if (!tls_) {
      const auto got = ::recv(socket_.get(), ignored.data(), ignored.size(), 0);
      if (got == 0) return Seen::end;
      if (got > 0 || errno == EINTR) continue;
      if (errno == EAGAIN) return Seen::nothing;
      return fail_errno("it broke the connection");
    }
    ERR_clear_error();
    std::size_t got = 0;
    const int done = SSL_read_ex(tls_.get(), ignored.data(), ignored.size(), &got);
    if (done == 1) continue;
    switch (SSL_get_error(tls_.get(), done)) {
      case SSL_ERROR_WANT_READ:
      case SSL_ERROR_WANT_WRITE:
        return Seen::nothing;
      case SSL_ERROR_ZERO_RETURN:
        return Seen::farewell;
      case SSL_ERROR_SSL:
        if (ERR_GET_REASON(ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING) return Seen::end;
        [[fallthrough]];
      default:
        return fail("it broke the connection: {}", tls_problem(tls_.get()));
    }
  }
}

Done StreamLink::alive() {
  ASSIGN_OR_RETURN(const auto seen, discard());
  if (seen == Seen::nothing) return {};
  return fail("it closed the connection");
}

Result<int> StreamLink::untaken() const {
  int bytes = 0;
  if (::ioctl(socket_.get(), SIOCOUTQ, &bytes) != 0) return fail_errno("asking TCP");
  return bytes;
}

Done StreamLink::finish() {
  // TLS first, and TCP when that was answered.
  if (tls_ && SSL_shutdown(tls_.get()) < 0) return fail("ending TLS: {}", tls_problem(tls_.get()));
  if (!tls_ && ::shutdown(socket_.get(), SHUT_WR) != 0) return fail_errno("closing");
  ASSIGN_OR_RETURN(auto before, untaken());
  for (;;) {
    ASSIGN_OR_RETURN(const auto seen, discard());
    // Whoever is on the way can forge TCP's end, not TLS's. RFC 5425, section 4.4, has the receiver answer
    // it.
    if (seen == Seen::end && tls_ && receipt_ == Receipt::tls) return fail("{}", kTcpAlone);
    // It may have said so before it had read what was on its way: how TCP ends tells that.
    if (seen == Seen::farewell || (seen == Seen::end && tls_)) {
      tls_.reset();
      if (::shutdown(socket_.get(), SHUT_WR) != 0) return fail_errno("closing");
      continue;
    }
    if (seen == Seen::end) return acknowledged();
    if (waiter_.wait_for(socket_.get(), POLLIN, patience_)) continue;
    // Time runs out only for one that takes nothing.
    ASSIGN_OR_RETURN(const auto left, untaken());
    if (left == before || waiter_.stopping()) return fail("it did not close its side after ours");
    before = left;
  }
}

// The end may have been on its way before ours: then a reset follows, because bytes of ours came too late.
// When the kernel has let the connection go, all of ours was acknowledged, or an error stands there.
Done StreamLink::acknowledged() {
  const auto deadline = Waiter::in(patience_);
  for (;;) {
    tcp_info info{};
    socklen_t size = sizeof info;
    if (::getsockopt(socket_.get(), IPPROTO_TCP, TCP_INFO, &info, &size) != 0)
      return fail_errno("asking TCP");
    int error = 0;
    size = sizeof error;
    if (info.tcpi_state == TCP_CLOSE) {
      if (::getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &error, &size) != 0)
        return fail_errno("asking TCP");
      return error == 0 ? Done{} : Done{tl::unexpected{Error{"it broke the connection", error}}};
    }
    if (std::chrono::steady_clock::now() > deadline) return fail("it did not acknowledge the end");
    waiter_.pause(kLookAgain);
  }
}

}  // namespace sallyport
