// Runs in: sallyport-ssh.
#include "gateway/ssh/files/sftp_requests.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

namespace sallyport {

namespace {

// Longest request that is looked at whole; two paths of PATH_MAX and attributes fit many times.
constexpr std::size_t kLongestRequest = 64 * 1024, kLongestName = 64;
constexpr std::size_t kPrefix = 5;  // type and number

// https://github.com/openssh/openssh-portable/blob/master/PROTOCOL, section 4. Those that the followers look
// into.
constexpr std::array<std::string_view, 5> kWithPaths{"posix-rename@openssh.com", "hardlink@openssh.com",
                                                     "lsetstat@openssh.com", "copy-data",
                                                     "fsync@openssh.com"};
constexpr std::array<std::string_view, 6> kHarmless{"statvfs@openssh.com", "fstatvfs@openssh.com",
                                                    "limits@openssh.com",  "expand-path@openssh.com",
                                                    "home-directory",      "users-groups-by-id@openssh.com"};

template <class List>
bool holds(const List& list, std::string_view name) {
  return std::ranges::find(list, name) != list.end();
}

std::uint32_t number_at(std::string_view head, std::size_t at) { return ByteReader{head.substr(at)}.u32(); }

void say(std::string& text, const std::string& words) { text += (text.empty() ? "" : ", ") + words; }

// Section 5: what is set, as text; the size, where it is set, in `size`.
std::string read_attributes(ByteReader& in, std::optional<std::uint64_t>& size) {
  std::string text;
  const auto flags = in.u32();
  if ((flags & sftp::has_size) != 0) say(text, fmt::format("size {}", *(size = in.u64())));
  if ((flags & sftp::has_owner) != 0) {
    const auto user = in.u32(), group = in.u32();
    say(text, fmt::format("owner {}:{}", user, group));
  }
  if ((flags & sftp::has_permissions) != 0) say(text, fmt::format("mode {:04o}", in.u32() & 07777U));
  if ((flags & sftp::has_times) != 0) {
    in.u32();
    say(text, fmt::format("modified at {} s", in.u32()));
  }
  return text;
}

}  // namespace

std::size_t SftpRequests::wanted(std::string_view head) {
  switch (static_cast<std::uint8_t>(head.front())) {
    case sftp::init:
      return kPrefix;
    case sftp::write: {
      if (head.size() < kPrefix + 4) return kPrefix + 4;
      const std::size_t handle = number_at(head, kPrefix);
      return handle > SftpState::kLongestHandle ? head.size() : kPrefix + 4 + handle + 12;
    }
    case sftp::extended: {
      if (head.size() < kPrefix + 4) return kPrefix + 4;
      const std::size_t name = number_at(head, kPrefix);
      if (name > kLongestName) return head.size();
      if (head.size() < kPrefix + 4 + name) return kPrefix + 4 + name;
      return holds(kWithPaths, head.substr(kPrefix + 4, name)) ? kLongestRequest : head.size();
    }
    default:
      return kLongestRequest;
  }
}

Done SftpRequests::begin(std::string_view head, std::uint32_t length) {
  written_ = kNoFile;
  if (!greeted_) return begin_session(head, length);
  ASSIGN_OR_RETURN(auto request, read_request(head, length));
  const auto sentence = state_->restricts() ? objection(request) : std::string{};
  if (!sentence.empty()) return refuse(request, sentence);
  return pass(std::move(request), head, length);
}

Done SftpRequests::begin_session(std::string_view head, std::uint32_t length) {
  if (static_cast<std::uint8_t>(head.front()) != sftp::init || head.size() != kPrefix)
    return fail("the client does not begin as SFTP does");
  greeted_ = true;
  passes_ = true;
  state_->expect_version();
  if (!state_->restricts()) return {};
  // A newer version than we read would have to be cut off.
  ByteWriter init;
  init.u8(sftp::init);
  init.u32(std::min(number_at(head, 1), sftp::kVersion));
  onward_ += packet_length(length) + init.bytes();
  return {};
}

Result<SftpRequests::Request> SftpRequests::read_request(std::string_view head, std::uint32_t length) {
  const auto type = static_cast<std::uint8_t>(head.front());
  if (type == sftp::write) return read_write(head);
  ByteReader in{head.substr(1)};
  Request request;
  request.id = in.u32();
  if (type == sftp::extended) {
    read_extended(in, request);
  } else {
    if (head.size() < length) return fail("a request of {} bytes", length);
    read_path_request(type, in, request);
  }
  if (in.failed()) return fail("request {} of type {} is malformed", request.id, type);
  return request;
}

FileNumber SftpRequests::read_file(ByteReader& in) {
  return state_->find(in.text(SftpState::kLongestHandle));
}

Result<SftpRequests::Request> SftpRequests::read_write(std::string_view head) {
  ByteReader in{head.substr(1)};
  Request request;
  request.id = in.u32();
  request.sends = true;
  request.name = "write";
  auto& waiting = request.waiting;
  waiting.expected = Expected::written;
  waiting.file = read_file(in);
  waiting.offset = in.u64();
  waiting.length = in.u32();
  if (auto done = in.finish(); !done) return fail("write request {} is malformed", request.id);
  request.known = waiting.file != kNoFile;
  return request;
}

void SftpRequests::read_open(ByteReader& in, Request& request) {
  auto& waiting = request.waiting;
  waiting.expected = Expected::opened_file;
  waiting.path = in.text(kLongestRequest);
  waiting.flags = in.u32();
  request.fetches = (waiting.flags & sftp::reads) != 0;
  request.sends = (waiting.flags & ~std::uint32_t{sftp::reads}) != 0;
  request.name = request.sends ? "open to write" : "open to read";
}

void SftpRequests::read_path_request(std::uint8_t type, ByteReader& in, Request& request) {
  auto& waiting = request.waiting;
  const auto changes = [&](FileAct act, const char* name) {
    waiting.expected = Expected::done;
    waiting.act = act;
    waiting.path = in.text(kLongestRequest);
    request.sends = true;
    request.name = name;
  };
  std::optional<std::uint64_t> size;
  switch (type) {
    case sftp::open:
      return read_open(in, request);
    case sftp::opendir:
      waiting.expected = Expected::opened_folder;
      waiting.path = in.text(kLongestRequest);
      return;
    case sftp::lstat:
    case sftp::stat:
      waiting.expected = Expected::size_of_path;
      waiting.path = in.text(kLongestRequest);
      return;
    case sftp::setstat:
      changes(FileAct::changed, "change");
      waiting.detail = read_attributes(in, size);
      return;
    case sftp::remove:
      return changes(FileAct::removed, "remove");
    case sftp::mkdir:
      return changes(FileAct::folder_made, "make a folder");
    case sftp::rmdir:
      return changes(FileAct::folder_removed, "remove a folder");
    case sftp::rename:
      changes(FileAct::renamed, "rename");
      waiting.other = in.text(kLongestRequest);
      return;
    case sftp::symlink:
      // OpenSSH has the draft's two paths the other way round, and everybody follows OpenSSH.
      changes(FileAct::symbolic_link, "link");
      waiting.other = std::exchange(waiting.path, in.text(kLongestRequest));
      return;
    case sftp::realpath:
    case sftp::readlink:
      return;
    default:
      return read_handle_request(type, in, request);
  }
}

void SftpRequests::read_handle_request(std::uint8_t type, ByteReader& in, Request& request) {
  auto& waiting = request.waiting;
  std::optional<std::uint64_t> size;
  switch (type) {
    case sftp::close:
      waiting.expected = Expected::closed;
      waiting.file = read_file(in);
      return;
    case sftp::read:
      waiting.expected = Expected::data;
      waiting.file = read_file(in);
      waiting.offset = in.u64();
      waiting.length = in.u32();
      request.fetches = true;
      request.known = waiting.file != kNoFile;
      request.name = "read";
      return;
    case sftp::fstat:
      waiting.expected = Expected::size_of_file;
      waiting.file = read_file(in);
      return;
    case sftp::fsetstat:
      waiting.expected = Expected::file_changed;
      waiting.file = read_file(in);
      waiting.detail = read_attributes(in, size);
      waiting.offset = size.value_or(0);
      waiting.flags = size ? std::uint32_t{sftp::has_size} : 0;
      request.sends = true;
      request.name = "change";
      return;
    case sftp::readdir:
      return;
    default:
      request.known = false;
      request.name = fmt::format("request type {}", type);
      return;
  }
}

void SftpRequests::read_extended(ByteReader& in, Request& request) {
  auto& waiting = request.waiting;
  const auto name = in.text(kLongestName);
  request.name = name;
  request.sends = holds(kWithPaths, name) && name != "fsync@openssh.com";
  request.known = request.sends || name == "fsync@openssh.com" || holds(kHarmless, name);
  if (!request.sends) return;
  waiting.expected = Expected::done;
  std::optional<std::uint64_t> size;
  if (name == "copy-data") {
    waiting.expected = Expected::data_copied;
    waiting.file = read_file(in);
    in.u64();
    in.u64();
    waiting.offset = read_file(in);
    in.u64();
    return;
  }
  waiting.path = in.text(kLongestRequest);
  if (name == "lsetstat@openssh.com") {
    waiting.detail = read_attributes(in, size);
    return;
  }
  waiting.other = in.text(kLongestRequest);
  waiting.act = name == "posix-rename@openssh.com" ? FileAct::renamed : FileAct::hard_link;
  if (waiting.act == FileAct::hard_link) std::swap(waiting.path, waiting.other);
}

std::string SftpRequests::objection(const Request& request) const {
  if (request.sends && !state_->allows_to_target())
    return "the policy of this session lets nothing be changed at the target";
  if (request.fetches && !state_->allows_from_target())
    return "the policy of this session lets no file come from the target";
  if (!request.known) return "the gate does not know this request or file, and the policy restricts files";
  return {};
}

Done SftpRequests::refuse(const Request& request, const std::string& sentence) {
  passes_ = false;
  auto path = request.waiting.path;
  if (const OpenFile* const file = state_->file(request.waiting.file)) path = file->path;
  state_->report({0,
                  FileAct::refused,
                  std::move(path),
                  request.waiting.other,
                  0,
                  FileHash::none,
                  {},
                  false,
                  fmt::format("{}: {}", request.name, sentence)});
  return state_->refuse(request.id, sentence);
}

Done SftpRequests::pass(Request&& request, std::string_view head, std::uint32_t length) {
  auto& waiting = request.waiting;
  if (waiting.expected == Expected::written) {
    // Only reads and writes matter so much that nobody may lose sight of them.
    if (!request.known) return fail("the client writes to a file that was not opened");
    if (head.size() + waiting.length > length) return fail("write request {} is malformed", request.id);
    auto& sent = state_->file(waiting.file)->sent;
    sent.hash.begin(waiting.offset, waiting.length);
    sent.bytes += waiting.length;
    sent.end = std::max(sent.end, waiting.offset + waiting.length);
    written_ = waiting.file;
    to_come_ = waiting.length;
  }
  if (waiting.expected == Expected::data && !request.known)
    return fail("the client reads from a file that was not opened");
  passes_ = true;
  if (state_->restricts()) onward_.append(packet_length(length)).append(head);
  return state_->expect(request.id, std::move(waiting));
}

void SftpRequests::more(std::string_view bytes) {
  if (passes_ && state_->restricts()) onward_.append(bytes);
  if (written_ == kNoFile) return;
  const auto data = bytes.substr(0, to_come_);
  to_come_ -= static_cast<std::uint32_t>(data.size());
  if (OpenFile* const file = state_->file(written_)) file->sent.hash.add(data);
}

void SftpRequests::over() {
  if (OpenFile* const file = state_->file(written_)) file->sent.hash.end();
  written_ = kNoFile;
}

}  // namespace sallyport
