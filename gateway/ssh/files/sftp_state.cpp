// Runs in: sallyport-ssh.
#include "gateway/ssh/files/sftp_state.h"

#include <algorithm>

#include "base/bytes.h"

namespace sallyport {

namespace {

std::size_t text_of(const Waiting& waiting) {
  return waiting.path.size() + waiting.other.size() + waiting.detail.size();
}

// Section 7: id, code, message, language.
std::string status_packet(std::uint32_t id, std::string_view sentence) {
  ByteWriter body;
  body.u8(sftp::status);
  body.u32(id);
  body.u32(sftp::permission_denied);
  body.text(sentence);
  body.text("en");
  ByteWriter packet;
  packet.text(body.bytes());
  return std::move(packet).take();
}

}  // namespace

void SftpState::expect_version() {
  version_expected_ = true;
  if (restricts()) sequences_.insert(0);
}

Done SftpState::version_came() {
  if (!version_expected_) return fail("the target names a version that nobody asked for");
  version_expected_ = false;
  sequences_.erase(0);
  return {};
}

Done SftpState::expect(std::uint32_t id, Waiting waiting) {
  waiting_text_ += text_of(waiting);
  if (waiting_.size() >= kMostWaiting || waiting_text_ > kMostWaitingText)
    return fail("more than {} requests wait for an answer", std::min(waiting_.size(), kMostWaiting));
  waiting.sequence = next_sequence_++;
  if (restricts()) sequences_.insert(waiting.sequence);
  if (OpenFile* const of = file(waiting.file)) {
    if (waiting.expected == Expected::written) ++of->sent.unanswered;
    if (waiting.expected == Expected::data) ++of->fetched.unanswered;
  }
  if (!waiting_.emplace(id, std::move(waiting)).second)
    return fail("the client uses request number {} twice at a time", id);
  return {};
}

Result<Waiting> SftpState::answered(std::uint32_t id) {
  if (version_expected_) return fail("the target does not begin as SFTP does");
  const auto found = waiting_.find(id);
  if (found == waiting_.end()) return fail("the target answers request {}, which was not asked", id);
  Waiting waiting = std::move(found->second);
  waiting_.erase(found);
  waiting_text_ -= text_of(waiting);
  sequences_.erase(waiting.sequence);
  return waiting;
}

Done SftpState::refuse(std::uint32_t id, std::string_view sentence) {
  if (refusals_.size() >= kMostWaiting) return fail("more than {} refusals wait", kMostWaiting);
  refusals_.push_back({next_sequence_++, status_packet(id, sentence)});
  return {};
}

// Clients that ask one thing at a time, or that expect answers in order, must not be confused.
std::string SftpState::take_refusals() {
  std::string packets;
  while (!refusals_.empty() && (sequences_.empty() || refusals_.front().sequence < *sequences_.begin())) {
    packets += refusals_.front().packet;
    refusals_.pop_front();
  }
  return packets;
}

Done SftpState::opened(const std::string& handle, Waiting&& waiting) {
  // A target may use a handle again before we saw the answer to its close.
  if (const auto old = find(handle); old != kNoFile) closed(old, false);
  if (files_.size() >= kMostFiles) return fail("more than {} files are open", kMostFiles);
  const auto number = next_file_++;
  OpenFile& file = files_.try_emplace(number, std::move(waiting.path), waiting.flags, held_).first->second;
  file.handle = handle;
  file.is_folder = waiting.expected == Expected::opened_folder;
  file.size = size_of(file.path);
  if ((file.flags & sftp::appends) != 0) file.sent.hash.give_up(FileHash::appended);
  handles_.emplace(handle, number);
  return {};
}

FileNumber SftpState::find(std::string_view handle) const {
  const auto found = handles_.find(handle);
  return found == handles_.end() ? kNoFile : found->second;
}

OpenFile* SftpState::file(FileNumber number) {
  const auto found = files_.find(number);
  return found == files_.end() ? nullptr : &found->second;
}

void SftpState::closed(FileNumber number, bool well) {
  const auto found = files_.find(number);
  if (found == files_.end()) return;
  report_file(found->second, well);
  handles_.erase(found->second.handle);
  files_.erase(found);
}

void SftpState::close_all() {
  while (!files_.empty()) closed(files_.begin()->first, false);
}

void SftpState::report_file(const OpenFile& file, bool well) {
  if (file.is_folder) return;
  const bool opened_to_write = (file.flags & (sftp::writes | sftp::appends)) != 0;
  const bool untouched = file.sent.bytes == 0 && file.fetched.bytes == 0;
  if (file.sent.bytes > 0 || (untouched && opened_to_write && !file.copied))
    report_transfer(file, FileAct::sent, file.sent, well && file.sent.unanswered == 0 && !file.sent.failed);
  const bool to_its_end = file.end_seen || (file.size && file.fetched.end >= *file.size);
  if (file.fetched.bytes > 0 || (untouched && file.end_seen))  // not what was only opened
    report_transfer(file, FileAct::fetched, file.fetched, well && to_its_end && !file.fetched.failed);
  if (untouched && file.copied && !file.detail.empty())
    report({0, FileAct::changed, file.path, {}, 0, FileHash::none, {}, true, file.detail});
}

void SftpState::report_transfer(const OpenFile& file, FileAct act, const Transfer& transfer, bool complete) {
  report({0,
          act,
          file.path,
          {},
          transfer.bytes,
          transfer.hash.state(),
          transfer.hash.hex(),
          complete,
          file.detail});
}

void SftpState::remember_size(const std::string& path, std::uint64_t size) {
  std::erase_if(sizes_, [&](const auto& known) { return known.first == path; });
  sizes_.emplace_back(path, size);
  if (sizes_.size() > kSizesKept) sizes_.pop_front();
}

std::optional<std::uint64_t> SftpState::size_of(const std::string& path) const {
  const auto known = std::ranges::find(sizes_, path, &std::pair<std::string, std::uint64_t>::first);
  if (known == sizes_.end()) return std::nullopt;
  return known->second;
}

}  // namespace sallyport
