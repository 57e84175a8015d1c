// Runs in: sallyport-https.
#include "gateway/https/inbox.h"

namespace sallyport {

namespace {

constexpr std::size_t kHeadRoom = 4 * 1024, kBodyRoom = 64 * 1024;

}  // namespace

Task<http::Parsed<std::size_t>> Inbox::fill(std::size_t room) {
  const auto got = co_await stream_.read_some(bytes_.room(room));
  if (!got) co_return http::fault(kGone, "the connection broke");
  bytes_.added(*got);
  co_return *got;
}

Task<bool> Inbox::wait() {
  if (!empty()) co_return true;
  if (bytes_.capacity() > kHeadRoom) bytes_.release();
  const bool ready = co_await stream_.wait_readable();
  co_return ready;
}

Task<http::Parsed<std::string>> Inbox::read_head(const http::HeadLimits& limits) {
  http::HeadFinder finder{limits};
  for (;;) {
    const auto end = finder.find(bytes_.bytes());
    if (!end) co_return tl::unexpected{end.error()};
    if (*end) {
      std::string head{bytes_.bytes().substr(0, **end)};
      bytes_.taken(**end);
      co_return head;
    }
    const auto got = co_await fill(kHeadRoom);
    if (!got) co_return tl::unexpected{got.error()};
    if (*got == 0) co_return http::fault(kGone, "closed");
  }
}

http::Parsed<std::string_view> Inbox::take_body(http::BodyReader& reader) {
  const auto step = reader.take(bytes_.bytes());
  if (!step) return tl::unexpected{step.error()};
  bytes_.taken(step->used);
  return step->data;
}

Task<http::Parsed<std::string_view>> Inbox::read_body(http::BodyReader& reader) {
  for (;;) {
    const auto data = take_body(reader);
    if (!data || !data->empty() || reader.done()) co_return data;
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
  const auto raw = bytes_.bytes();
  bytes_.taken(raw.size());
  co_return raw;
}

}  // namespace sallyport
