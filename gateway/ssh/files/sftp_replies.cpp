// Runs in: sallyport-ssh.
#include "gateway/ssh/files/sftp_replies.h"

#include <algorithm>

namespace sallyport {

namespace {

constexpr std::size_t kPrefix = 5;  // type and number
constexpr std::size_t kLongestDetail = 256;

}  // namespace

std::size_t SftpReplies::wanted(std::string_view head) {
  if (head.size() < kPrefix) return kPrefix;
  switch (static_cast<std::uint8_t>(head.front())) {
    case sftp::status:
    case sftp::data:
      return kPrefix + 4;
    case sftp::handle: {
      if (head.size() < kPrefix + 4) return kPrefix + 4;
      const std::size_t length = ByteReader{head.substr(kPrefix)}.u32();
      return length > SftpState::kLongestHandle ? head.size() : kPrefix + 4 + length;
    }
    case sftp::attrs: {
      if (head.size() < kPrefix + 4) return kPrefix + 4;
      const auto flags = ByteReader{head.substr(kPrefix)}.u32();
      return (flags & sftp::has_size) != 0 ? kPrefix + 12 : head.size();
    }
    default:
      return head.size();
  }
}

Done SftpReplies::begin(std::string_view head, std::uint32_t length) {
  fetched_ = kNoFile;
  RETURN_IF_ERROR(begin_reply(head, length));
  if (state_->restricts()) onward_.append(packet_length(length)).append(head);
  return {};
}

Done SftpReplies::begin_reply(std::string_view head, std::uint32_t length) {
  const auto type = static_cast<std::uint8_t>(head.front());
  if (type == sftp::version) return greet(head);
  ByteReader in{head.substr(1)};
  const auto id = in.u32();
  if (in.failed()) return fail("an answer of {} bytes", length);
  ASSIGN_OR_RETURN(auto waiting, state_->answered(id));
  switch (type) {
    case sftp::status:
      RETURN_IF_ERROR(on_status(waiting, in));
      break;
    case sftp::handle:
      RETURN_IF_ERROR(on_handle(std::move(waiting), in));
      break;
    case sftp::data:
      RETURN_IF_ERROR(on_data(waiting, in, length));
      break;
    case sftp::attrs:
      on_attributes(waiting, in);
      break;
    default:
      break;  // names and answers to extensions say nothing about a file's bytes
  }
  if (in.failed()) return fail("the answer to request {} is malformed", id);
  return {};
}

Done SftpReplies::greet(std::string_view head) {
  RETURN_IF_ERROR(state_->version_came());
  ByteReader in{head.substr(1)};
  const auto version = in.u32();
  if (in.failed()) return fail("the target names no version of SFTP");
  if (version > sftp::kVersion) return fail("the target speaks version {} of SFTP", version);
  return {};
}

Done SftpReplies::on_status(const Waiting& waiting, ByteReader& in) {
  const auto code = in.u32();
  if (in.failed()) return fail("a status without a code");
  if (code == sftp::ok)
    on_done(waiting);
  else
    on_failed(waiting, code);
  return {};
}

void SftpReplies::on_done(const Waiting& waiting) {
  OpenFile* const file = state_->file(waiting.file);
  switch (waiting.expected) {
    case Expected::closed:
      return state_->closed(waiting.file, true);
    case Expected::written:
      if (file != nullptr) --file->sent.unanswered;
      return;
    case Expected::done:
      return state_->report(
          {0, waiting.act, waiting.path, waiting.other, 0, FileHash::none, {}, true, waiting.detail});
    case Expected::file_changed:
      if (file == nullptr) return;
      if ((waiting.flags & sftp::has_size) != 0 && waiting.offset != file->sent.end)
        file->sent.hash.give_up(FileHash::changed_there);
      if (file->detail.size() < kLongestDetail)
        file->detail += (file->detail.empty() ? "" : ", ") + waiting.detail;
      return;
    case Expected::data_copied:
      if (OpenFile* const to = state_->file(waiting.offset); file != nullptr && to != nullptr) {
        file->copied = to->copied = true;
        to->sent.hash.give_up(FileHash::changed_there);
        state_->report({0, FileAct::copied, file->path, to->path, 0, FileHash::none, {}, true, {}});
      }
      return;
    case Expected::anything:
    case Expected::opened_file:
    case Expected::opened_folder:
    case Expected::data:
    case Expected::size_of_path:
    case Expected::size_of_file:
      return;
  }
}

void SftpReplies::on_failed(const Waiting& waiting, std::uint32_t code) {
  OpenFile* const file = state_->file(waiting.file);
  if (file == nullptr) return;
  if (waiting.expected == Expected::closed) return state_->closed(waiting.file, false);
  if (waiting.expected == Expected::written) {
    --file->sent.unanswered;
    file->sent.failed = true;
  }
  if (waiting.expected == Expected::data) {
    --file->fetched.unanswered;
    (code == sftp::eof ? file->end_seen : file->fetched.failed) = true;
  }
}

Done SftpReplies::on_handle(Waiting&& waiting, ByteReader& in) {
  const auto handle = in.text(SftpState::kLongestHandle);
  const bool asked = waiting.expected == Expected::opened_file || waiting.expected == Expected::opened_folder;
  if (in.failed() || !asked) return fail("the target gives a handle that was not asked for");
  return state_->opened(handle, std::move(waiting));
}

Done SftpReplies::on_data(const Waiting& waiting, ByteReader& in, std::uint32_t length) {
  const auto bytes = in.u32();
  if (waiting.expected != Expected::data) return fail("the target sends data that was not asked for");
  if (in.failed() || bytes > length - kPrefix - 4 || bytes > waiting.length)
    return fail("the target sends more data than was asked for");
  OpenFile* const file = state_->file(waiting.file);
  if (file == nullptr) return {};  // closed before its last answer came
  auto& fetched = file->fetched;
  --fetched.unanswered;
  fetched.hash.begin(waiting.offset, bytes);
  fetched.bytes += bytes;
  fetched.end = std::max(fetched.end, waiting.offset + bytes);
  fetched_ = waiting.file;
  to_come_ = bytes;
  return {};
}

void SftpReplies::on_attributes(const Waiting& waiting, ByteReader& in) {
  if ((in.u32() & sftp::has_size) == 0) return;
  const auto size = in.u64();
  if (in.failed()) return;
  if (waiting.expected == Expected::size_of_path) state_->remember_size(waiting.path, size);
  if (OpenFile* const file = state_->file(waiting.file); waiting.expected == Expected::size_of_file && file)
    file->size = size;
}

void SftpReplies::more(std::string_view bytes) {
  if (state_->restricts()) onward_.append(bytes);
  if (fetched_ == kNoFile) return;
  const auto data = bytes.substr(0, to_come_);
  to_come_ -= static_cast<std::uint32_t>(data.size());
  if (OpenFile* const file = state_->file(fetched_)) file->fetched.hash.add(data);
}

void SftpReplies::over() {
  if (OpenFile* const file = state_->file(fetched_)) file->fetched.hash.end();
  fetched_ = kNoFile;
  if (state_->restricts()) onward_.append(state_->take_refusals());
}

}  // namespace sallyport
