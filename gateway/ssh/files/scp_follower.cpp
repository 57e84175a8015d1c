// Runs in: sallyport-ssh.
#include "gateway/ssh/files/scp_follower.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>

namespace sallyport {

namespace {

constexpr std::size_t kLongestMessage = 64 * 1024;

template <class Number>
bool take_number(std::string_view& text, Number& number, int base) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (error != std::errc{}) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

// "0644 1234 name": mode, size, name, of a C or D record.
struct Header {
  std::uint32_t mode = 0;
  std::uint64_t size = 0;
  std::string_view name;
};
Result<Header> read_header(std::string_view rest) {
  Header header;
  const bool good = rest.size() > 4 && rest[4] == ' ' && take_number(rest, header.mode, 8) &&
                    rest.starts_with(' ') && (rest.remove_prefix(1), take_number(rest, header.size, 10)) &&
                    rest.starts_with(' ') && rest.size() > 1;
  if (!good) return fail("a record of scp that names no file");
  header.name = rest.substr(1);
  return header;
}

// Up to the last slash, with it; of a path with none nothing.
std::string_view folder_of(std::string_view path) { return path.substr(0, path.rfind('/') + 1); }

}  // namespace

Done ScpFollower::source(std::string_view bytes) {
  while (!bytes.empty()) {
    switch (reading_) {
      case Reading::record:
        RETURN_IF_ERROR(take_record(bytes));
        break;
      case Reading::data:
        take_data(bytes);
        break;
      case Reading::verdict:
        RETURN_IF_ERROR(take_verdict(bytes.front()));
        bytes.remove_prefix(1);
        break;
      case Reading::error: {
        const auto end = bytes.find('\n');
        if (end != bytes.npos) reading_ = Reading::record;
        bytes.remove_prefix(end == bytes.npos ? bytes.size() : end + 1);
        break;
      }
    }
  }
  return {};
}

void ScpFollower::take_data(std::string_view& bytes) {
  const auto piece = bytes.substr(0, file_->left);
  bytes.remove_prefix(piece.size());
  file_->hash.add(piece);
  file_->left -= piece.size();
  if (file_->left == 0) reading_ = Reading::verdict;
}

// Behind the data: zero, or an error in words when the source could not read the file.
Done ScpFollower::take_verdict(char verdict) {
  if (verdict != 0 && verdict != 1 && verdict != 2)
    return fail("a file of scp that does not end where it said");
  file_->read_well = verdict == 0;
  reading_ = verdict == 0 ? Reading::record : Reading::error;
  return await(Step::file_end);
}

Done ScpFollower::take_record(std::string_view& bytes) {
  const auto end = bytes.find('\n');
  const bool whole = end != bytes.npos;
  const auto piece = bytes.substr(0, end);
  if (record_.size() + piece.size() > kLongestRecord) return fail("a record of scp that is too long");
  record_.append(piece);
  bytes.remove_prefix(whole ? end + 1 : bytes.size());
  return whole ? on_record() : Done{};
}

Done ScpFollower::on_record() {
  const auto record = std::exchange(record_, {});
  if (record.empty()) return fail("an empty record of scp");
  const auto rest = std::string_view{record}.substr(1);
  // OpenSSH's sink reads a record as a C string.
  if (rest.find('\0') != rest.npos) return fail("a record of scp with a zero byte");
  switch (record.front()) {
    case 'C':
      return on_file(rest);
    case 'D':
      return on_folder(rest);
    case 'E':
      if (!folders_.empty()) folders_.pop_back();
      return await(Step::record);
    case 'T':
      return await(Step::record);
    case '\1':
    case '\2':
      return {};  // the source's own words: "No such file". Nobody answers them.
    default:
      return fail("a record of scp of an unknown kind");
  }
}

Done ScpFollower::on_file(std::string_view rest) {
  ASSIGN_OR_RETURN(const auto header, read_header(rest));
  if (file_) return fail("a file of scp before the last one was answered");
  file_.emplace(held_);
  file_->path = path_of(header.name);
  file_->name = header.name;
  file_->size = file_->left = header.size;
  file_->detail = fmt::format("mode {:04o}", header.mode);
  file_->hash.begin(0, header.size);
  reading_ = header.size > 0 ? Reading::data : Reading::verdict;
  return await(Step::file);
}

Done ScpFollower::on_folder(std::string_view rest) {
  ASSIGN_OR_RETURN(const auto header, read_header(rest));
  if (folders_.size() >= kDeepest) return fail("folders of scp more than {} deep", kDeepest);
  const auto path = path_of(header.name);
  folders_.emplace_back(header.name);
  if (is_target_sink())
    report_({0, FileAct::folder_made, path, {}, 0, FileHash::none, {}, true, "or it was there already"});
  return await(Step::folder);
}

// A source waits for each answer; those that do not are understood as long as every answer is good.
Done ScpFollower::await(Step step) {
  if (unanswered_.size() >= kMostUnanswered) return fail("scp waits for no answers");
  unanswered_.push_back(step);
  return {};
}

Done ScpFollower::sink(std::string_view bytes) {
  for (const char byte : bytes) {
    if (error_text_) {
      if (++*error_text_ > kLongestMessage) return fail("an error message of scp that does not end");
      if (byte != '\n') continue;
      error_text_.reset();
      RETURN_IF_ERROR(on_answer(false));
    } else if (byte == 0) {
      RETURN_IF_ERROR(on_answer(true));
    } else {
      error_text_ = 0;  // 1 and 2, and what a shell may say instead of scp
    }
  }
  return {};
}

Done ScpFollower::on_answer(bool good) {
  if (unanswered_.empty()) return fail("an answer of scp to nothing");
  const auto step = unanswered_.front();
  unanswered_.pop_front();
  switch (step) {
    case Step::start:
    case Step::record:
      return {};
    case Step::folder:
      if (good) return {};
      if (folders_.empty() || !unanswered_.empty()) return fail("scp did not wait for an answer");
      folders_.pop_back();
      return {};
    case Step::file:
      if (good) return {};
      // The source skips it. If it did not wait for the answer, its bytes are records to the sink by now.
      if (file_->left != file_->size || reading_ == Reading::record)
        return fail("scp did not wait for an answer");
      reading_ = Reading::record;
      end_file(false);
      return {};
    case Step::file_end:
      end_file(good);
      return {};
  }
  return {};
}

void ScpFollower::end_file(bool well) {
  if (!file_) return;
  file_->hash.end();
  const auto act = is_target_sink() ? FileAct::sent : FileAct::fetched;
  const auto bytes = file_->size - file_->left;
  const bool whole = well && file_->left == 0 && file_->read_well;
  report_({0, act, file_->path, file_->name, bytes, file_->hash.state(), file_->hash.hex(), whole,
           file_->detail});
  file_.reset();
}

void ScpFollower::finish() { end_file(false); }

// Where a name of a record lies. With scp -t PATH it is PATH itself unless that is a folder, which only the
// target knows: the record has both. With scp -f PATH it is below the folder of PATH.
std::string ScpFollower::path_of(std::string_view name) const {
  const std::string given = command_.paths.size() == 1 ? command_.paths.front() : std::string{};
  std::string path;
  if (is_target_sink()) {
    const bool folder =
        command_.into_folder || !folders_.empty() || given.ends_with('/') || given == "." || given == "~";
    if (!folder) return given.empty() ? std::string{name} : given;
    path = given;
    if (!path.empty() && !path.ends_with('/')) path += '/';
  } else {
    path = folder_of(given);
  }
  for (const auto& entered : folders_) path += entered + '/';
  return path + std::string{name};
}

}  // namespace sallyport
