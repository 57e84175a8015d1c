// Runs in: sallyport.
#include "gateway/console/recording_desk.h"

#include <fmt/core.h>

#include <algorithm>
#include <iostream>

#include "base/escape.h"
#include "gateway/review/recording_bytes.h"
#include "gateway/review/values.h"

namespace sallyport {

namespace {

namespace fs = std::filesystem;

// It becomes a path; the gate checks for itself.
Result<fs::path> folder_of(const ConsoleContext& context, const std::string& session) {
  const bool plain = session.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == session.npos;
  if (session.empty() || !plain)
    return fail("'{}' is not the name of a session, like s-4f8w2c6n", escape_terminal(session));
  return context.state / "recordings" / session;
}

std::optional<std::uint64_t> channel_of(const fs::path& file) {
  const auto cast = file.extension() == kCompressedEnding ? file.stem() : file;
  const auto stem = cast.stem().string();
  const bool number = !stem.empty() && stem.size() < 10 && stem.find_first_not_of("0123456789") == stem.npos;
  if (!number || cast.extension() != ".cast") return std::nullopt;
  return std::stoull(stem);
}

}  // namespace

Result<std::vector<std::uint64_t>> recorded_channels(const ConsoleContext& context,
                                                     const std::string& session) {
  ASSIGN_OR_RETURN(const auto folder, folder_of(context, session));
  std::vector<std::uint64_t> channels;
  std::error_code code;
  fs::directory_iterator entries{folder, code};
  for (; !code && entries != fs::directory_iterator{}; entries.increment(code))
    if (const auto channel = channel_of(entries->path())) channels.push_back(*channel);
  if (code && code != std::errc::no_such_file_or_directory)
    return tl::unexpected{Error{"reading folder " + folder.string(), code.value()}};
  std::sort(channels.begin(), channels.end());
  channels.erase(std::unique(channels.begin(), channels.end()), channels.end());
  return channels;
}

Result<UniqueFd> RecordingDesk::open(const std::string& session, std::uint64_t channel) {
  ASSIGN_OR_RETURN(const auto folder, folder_of(context_, session));
  ASSIGN_OR_RETURN(auto handed, ask(session, channel));
  if (handed) return handed;
  return open_recording((folder / fmt::format("{}.cast", channel)).string());
}

Result<UniqueFd> RecordingDesk::ask(const std::string& session, std::uint64_t channel) {
  if (!tried_) {
    tried_ = true;
    if (auto gate = ControlClient::connect(context_.socket))
      gate_ = *std::move(gate);
    else
      say_once("no gate answers, so this reading is in no journal");
  }
  if (!gate_) return UniqueFd{};
  ASSIGN_OR_RETURN(
      auto reply,
      gate_->ask(
          {{"ask", "recording.read"}, {"session", session}, {"channel", channel}, {"purpose", purpose_}}));
  if (reply.descriptor) return std::move(reply.descriptor);
  if (member(reply.result, "known") != false) return fail("the gate has handed out no recording");
  say_once("the gate does not know this recording, so the reading is in no journal");
  return UniqueFd{};
}

void RecordingDesk::say_once(const std::string& why) {
  if (!std::exchange(said_, true)) std::cerr << "sallyport: " << why << std::endl;
}

}  // namespace sallyport
