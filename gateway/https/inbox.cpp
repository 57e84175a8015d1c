// Runs in: sallyport-https.
#include "gateway/https/inbox.h"

#include "base/secret.h"

namespace sallyport {

namespace {

constexpr std::size_t kHeadRoom = 4 * 1024, kBodyRoom = 64 * 1024;

}  // namespace

Task<http::Parsed<std::size_t>> Inbox::fill(std::size_t room) {
  bytes_.erase(0, begin_);
  begin_ = 0;
  const auto had = bytes_.size();
  bytes_.resize(had + room);
  const auto got = co_await stream_.read_some({bytes_.data() + had, room});
  bytes_.resize(had + (got ? *got : 0));
  if (!got) co_return http::fault(kGone, "the connection broke");
  co_return *got;
}

Task<bool> Inbox::wait() {
  if (!empty()) co_return true;
  bytes_ = {};
  begin_ = 0;
  const bool ready = co_await stream_.wait_readable();
  co_return ready;
}

Task<http::Parsed<std::string>> Inbox::read_head(const http::HeadLimits& limits) {
  http::HeadFinder finder{limits};
  for (;;) {
    const auto end = finder.find(rest());
    if (!end) co_return tl::unexpected{end.error()};
    if (*end) {
      std::string head{rest().substr(0, **end)};
      begin_ += **end;
      co_return head;
    }
    const auto got = co_await fill(kHeadRoom);
    if (!got) co_return tl::unexpected{got.error()};
    if (*got == 0) co_return http::fault(kGone, "closed");
  }
}

Task<http::Parsed<std::string_view>> Inbox::read_body(http::BodyReader& reader) {
  for (;;) {
    const auto step = reader.take(rest());
    if (!step) co_return tl::unexpected{step.error()};
    begin_ += step->used;
    if (!step->data.empty() || reader.done()) co_return step->data;
    const auto got = co_await fill(kBodyRoom);
    if (!got) co_return tl::unexpected{got.error()};
    if (*got != 0) continue;
    if (reader.ends_with_connection()) co_return std::string_view{};
    co_return http::fault(kGone, "closed in the middle of a body");
  }
}

Task<http::Parsed<std::string_view>> Inbox::read_raw() {
  if (empty()) {
    const auto got = co_await fill(kBodyRoom);
    if (!got) co_return tl::unexpected{got.error()};
  }
  const auto raw = rest();
  begin_ = bytes_.size();
  co_return raw;
}

void Inbox::wipe_read() {
  std::string rest{this->rest()};
  wipe(bytes_);
  bytes_ = std::move(rest);
  begin_ = 0;
}

}  // namespace sallyport
