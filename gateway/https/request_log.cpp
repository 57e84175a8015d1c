// Runs in: sallyport-https.
#include "gateway/https/request_log.h"

#include <fmt/core.h>

#include "base/escape.h"

namespace sallyport {

Result<RequestLog> RequestLog::start(UniqueFd file, std::uint64_t limit, const Clock& clock) {
  const RecordedTerminal wide{"dumb", 160, 50};
  ASSIGN_OR_RETURN(auto recorder, Recorder::start(std::move(file), wide, {.limit = limit}, clock));
  return RequestLog{std::move(recorder)};
}

Done RequestLog::line(std::string_view text) {
  recorder_.output(std::string{text} + "\r\n");
  return recorder_.flush();
}

Result<std::uint64_t> RequestLog::begin(const http::RequestHead& request) {
  const auto number = ++last_;
  const bool has_query = request.path().size() != request.target.size();
  RETURN_IF_ERROR(line(fmt::format("#{} {} {}{}{}", number, request.method, escape_terminal(request.path()),
                                   has_query ? "?..." : "", request.wants_websocket ? " (WebSocket)" : "")));
  return number;
}

Done RequestLog::end(std::uint64_t number, const RequestEnd& end, std::chrono::milliseconds took) {
  const auto status = end.status == 0 ? std::string{"no response"} : std::to_string(end.status);
  auto text = fmt::format("#{} {}{}, {} bytes in, {} bytes out, {} ms", number, status,
                          end.complete ? "" : " (cut short)", end.to_target, end.from_target, took.count());
  if (!end.sha256_to_target.empty())
    text += fmt::format(", SHA-256 in {}, out {}", end.sha256_to_target, end.sha256_from_target);
  return line(text);
}

Done RequestLog::api_session(std::uint64_t number, const TellApiSession& told) {
  return line(fmt::format("#{} {} a session of the target's REST API", number, told.over ? "ends" : "begins"));
}

Done RequestLog::file(std::uint64_t number, const TellFile& file) {
  const auto name = file.other.empty() ? file.path : file.other;
  return line(fmt::format("#{} file {} the target: {}, {} bytes{}{}{}", number,
                          file.act == FileAct::sent ? "to" : "from", escape_terminal(name), file.size,
                          file.complete ? "" : " (cut short)", file.sha256.empty() ? "" : ", SHA-256 ",
                          file.sha256));
}

}  // namespace sallyport
