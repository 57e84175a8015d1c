// Pure; runs in: sallyportd.
#include "gateway/core/file_record.h"

#include <algorithm>

#include "policies/file_kind.h"

namespace sallyport {

namespace {

using Json = nlohmann::json;

constexpr std::uint64_t kRecordFrame = 300;  // seq, time, hashes and names, which every record has

const char* to_text(FileDirection direction) {
  switch (direction) {
    case FileDirection::to_target:
      return "to-target";
    case FileDirection::from_target:
      return "from-target";
  }
  return "?";
}

// What was done, for session.file_changed.
const char* change_text(FileAct act) {
  switch (act) {
    case FileAct::copied:
      return "copied";
    case FileAct::renamed:
      return "renamed";
    case FileAct::removed:
      return "removed";
    case FileAct::changed:
      return "attributes";
    case FileAct::folder_made:
      return "directory made";
    case FileAct::folder_removed:
      return "directory removed";
    case FileAct::hard_link:
      return "hard link made";
    case FileAct::symbolic_link:
      return "symbolic link made";
    case FileAct::sent:
    case FileAct::fetched:
    case FileAct::refused:
    case FileAct::unaccounted:
      break;
  }
  return "?";
}

const char* why_no_hash(FileHash hash) {
  switch (hash) {
    case FileHash::not_from_start:
      return "not from its beginning";
    case FileHash::not_in_order:
      return "not in order";
    case FileHash::appended:
      return "appended to what was there";
    case FileHash::changed_there:
      return "changed by the target while it was open";
    case FileHash::none:
    case FileHash::known:
      break;
  }
  return "unknown";
}

void put(Json& fields, const char* key, const std::string& value) {
  if (!value.empty()) fields[key] = value;
}

// scp's target path may be a folder, or another name: then the name that its client gave counts.
const FileKind* kind_of_either(const TellFile& told) {
  const auto* const kind = kind_of(told.path);
  return kind == nullptr && !told.other.empty() ? kind_of(told.other) : kind;
}

Entry transfer_entry(const TellFile& told) {
  const auto direction = told.act == FileAct::sent ? FileDirection::to_target : FileDirection::from_target;
  const auto* const kind = kind_of_either(told);
  Entry entry{"session.file",
              {{"channel", told.channel},
               {"direction", to_text(direction)},
               {"path", told.path},
               {"size", std::min(told.size, kLargestNumber)},
               {"complete", told.complete},
               {"kind", kind == nullptr ? "unknown" : std::string{kind->description}}}};
  put(entry.fields, "name", told.other);
  put(entry.fields, "changed", told.detail);
  if (told.hash == FileHash::known)
    entry.fields["sha256"] = told.sha256;
  else
    entry.fields["no_sha256"] = why_no_hash(told.hash);
  return entry;
}

bool is_sha256(const std::string& text) {
  return text.size() == limit::sha256 && text.find_first_not_of("0123456789abcdef") == text.npos;
}

}  // namespace

bool is_transfer(FileAct act) noexcept { return act == FileAct::sent || act == FileAct::fetched; }

Done check_file(const TellFile& told) {
  const bool hashed = told.hash == FileHash::known;
  if (hashed ? !is_sha256(told.sha256) : !told.sha256.empty()) return fail("a file with a hash that is none");
  if (hashed && !is_transfer(told.act)) return fail("a hash of what has no bytes");
  return {};
}

Entry file_entry(const TellFile& told) {
  if (is_transfer(told.act)) return transfer_entry(told);
  if (told.act == FileAct::unaccounted)
    return {"session.files_unaccounted", {{"channel", told.channel}, {"reason", told.detail}}};
  Entry entry{"session.file_changed", {{"channel", told.channel}, {"path", told.path}}};
  put(entry.fields, "other", told.other);
  if (told.act == FileAct::refused) {
    entry.event = "session.file_refused";
    entry.fields["reason"] = told.detail;
  } else {
    entry.fields["what"] = change_text(told.act);
    put(entry.fields, "detail", told.detail);
  }
  return entry;
}

FileAccount::Room FileAccount::count(const TellFile& told, std::uint64_t record_bytes) {
  if (is_transfer(told.act)) {
    auto& total = told.act == FileAct::sent ? sent_ : fetched_;
    ++total.count;
    total.bytes = std::min(total.bytes + std::min(told.size, kLargestNumber), kLargestNumber);
  }
  if (full_) return Room::none;
  bytes_ += record_bytes + kRecordFrame;
  full_ = bytes_ > kMostBytes;
  return full_ ? Room::for_the_last_word : Room::for_it;
}

std::vector<FileTotals> FileAccount::totals() const {
  std::vector<FileTotals> totals;
  for (const auto& total : {sent_, fetched_})
    if (total.count > 0) totals.push_back(total);
  return totals;
}

Json files_to_json(const std::vector<FileTotals>& totals) {
  Json list = Json::array();
  for (const auto& total : totals)
    list.push_back({{"direction", to_text(total.direction)},
                    {"count", std::min(total.count, kLargestNumber)},
                    {"bytes", total.bytes}});
  return list;
}

Result<std::vector<FileTotals>> files_from_json(const Json& list) {
  std::vector<FileTotals> totals;
  const auto number = [](const Json& object, const char* key) -> Result<std::uint64_t> {
    const auto found = object.find(key);
    if (found == object.end() || !found->is_number_unsigned()) return fail("files without '{}'", key);
    return found->get<std::uint64_t>();
  };
  if (!list.is_array()) return fail("files that are no list");
  for (const auto& item : list) {
    if (!item.is_object()) return fail("files that are no object");
    const bool up = item.value("direction", Json{}) == to_text(FileDirection::to_target);
    if (!up && item.value("direction", Json{}) != to_text(FileDirection::from_target))
      return fail("files without a direction");
    ASSIGN_OR_RETURN(const auto count, number(item, "count"));
    ASSIGN_OR_RETURN(const auto bytes, number(item, "bytes"));
    totals.push_back({up ? FileDirection::to_target : FileDirection::from_target, count, bytes});
  }
  return totals;
}

}  // namespace sallyport
