// Runs in: sallyport-https.
#include "gateway/https/logoff.h"

#include <boost/asio/co_spawn.hpp>

#include "base/check.h"
#include "gateway/https/http/response_head.h"
#include "gateway/https/inbox.h"
#include "gateway/https/rest_logon.h"
#include "gateway/https/target.h"
#include "gateway/wire/api_token.h"

namespace sallyport {

namespace {

constexpr std::chrono::seconds kTime{2};
constexpr std::size_t kMostAnswer = 64 * 1024;

// The status of the answer to one request, read to its end; an Error when nothing more can be asked here.
Task<Result<int>> ask(Stream& stream, Inbox& inbox, const http::RequestHead& request,
                      const std::string& authority) {
  auto text = http::write_request_head(request, authority);
  const auto written = co_await stream.write(text);
  wipe(text);
  if (!written) co_return tl::unexpected{written.error()};
  const auto head = co_await inbox.read_head(kTargetHeadLimits);
  if (!head) co_return fail("{}", head.error().why);
  const auto response = http::parse_response_head(*head, request);
  if (!response) co_return fail("{}", response.error().why);
  if (!response->keep_alive || response->is_interim()) co_return fail("the target has closed");
  http::BodyReader reader{response->body};
  for (std::size_t size = 0; !reader.done();) {
    const auto data = co_await inbox.read_body(reader);
    if (!data) co_return fail("{}", data.error().why);
    size += data->size();
    if (size > kMostAnswer) co_return fail("the target's answer is too long");
  }
  co_return response->status;
}

Task<> end_all(Stream& stream, const LogoffBeginning& beginning, TellLoggedOff& told) {
  const auto& name = beginning.facts.target.name;
  const auto connected = co_await stream.connect(server_name_of(name));
  if (!connected) {
    told.fault = connected.error().message();
    co_return;
  }
  Inbox inbox{stream};
  for (const auto& session : beginning.facts.sessions) {
    if (!is_api_token(session.reveal())) continue;
    const auto status = co_await ask(stream, inbox, logoff_of(session), name);
    if (!status) {
      told.fault = status.error().message();
      co_return;
    }
    if (*status >= 200 && *status < 300) ++told.ended;
  }
}

}  // namespace

TellLoggedOff log_off(asio::io_context& io, LogoffBeginning beginning) {
  TellLoggedOff told;
  const auto all = static_cast<std::uint32_t>(beginning.facts.sessions.size());
  auto context = context_for_target(beginning.facts.target, beginning.facts.profile);
  Streams streams{io};
  auto stream = Result<std::unique_ptr<Stream>>{};
  if (context)
    stream = Stream::over(io, streams, std::move(beginning.socket), **context);
  else
    stream = tl::unexpected{context.error()};
  if (stream) {
    Timer late{io, kTime};
    late.async_wait([&streams](const boost::system::error_code& error) {
      if (!error) streams.cut_all();
    });
    asio::co_spawn(io, end_all(**stream, beginning, told), [&late](const std::exception_ptr& thrown) {
      our_bug(thrown != nullptr, "a coroutine has thrown");
      late.cancel();
    });
    io.run();
  } else {
    told.fault = stream.error().message();
  }
  told.failed = all - told.ended;
  return told;
}

}  // namespace sallyport
