// Runs in: sallyport-https.
#include "gateway/https/files/body_account.h"

#include <algorithm>

#include "gateway/https/files/parameters.h"

namespace sallyport {

namespace {

constexpr std::uint64_t kLargestMessage = 64 * 1024;     // of an API; a form field
constexpr std::uint64_t kLargestPagePart = 1024 * 1024;  // a script, a picture, a table of data
constexpr std::size_t kMostParts = 256;

std::string text_of(const http::Fields& fields, std::string_view name) {
  const auto* const field = fields.find(name);
  return field == nullptr ? std::string{} : *field;
}

bool is_structured(std::string_view type) {
  return type == "application/x-www-form-urlencoded" || type.ends_with("/json") || type.ends_with("+json") ||
         type.ends_with("/xml") || type.ends_with("+xml");
}

bool is_page_part(std::string_view type) {
  constexpr std::string_view kKinds[] = {"text/", "image/", "font/"};
  constexpr std::string_view kTypes[] = {"application/javascript", "application/x-javascript",
                                         "application/manifest+json", "application/wasm"};
  return is_structured(type) || std::ranges::find(kTypes, type) != std::end(kTypes) ||
         std::ranges::any_of(kKinds, [type](auto kind) { return type.starts_with(kind); });
}

// Also without a type, which curl -T sends: the body of a logon holds a password.
bool is_logon(std::string_view path) { return path.ends_with("/Logon"); }

bool begins_at_zero(const std::string& content_range) {
  return content_range.empty() || content_range.starts_with("bytes 0-");
}

std::string path_of(const http::RequestHead& request) {
  return std::string{request.path().substr(0, limit::file)};
}

}  // namespace

void BodyAccount::Meter::see(std::string_view data) {
  if (!hash) hash.emplace();
  hash->update(data);
  size += data.size();
}

void BodyAccount::Meter::report(bool complete, std::vector<TellFile>& files) {
  if (size <= at_most && at_most != 0) return;
  TellFile told;
  told.act = act;
  told.path = path;
  told.other = name.substr(0, limit::file);
  told.size = size;
  told.complete = complete;
  told.hash = from_start ? FileHash::known : FileHash::not_from_start;
  if (from_start) told.sha256 = hash ? hash->hex() : Sha256::hex_of("");
  files.push_back(std::move(told));
}

BodyAccount BodyAccount::of_upload(const http::RequestHead& request) {
  using Kind = http::BodySize::Kind;
  if (request.body.kind == Kind::none) return BodyAccount{std::nullopt};
  const auto content = text_of(request.fields, "Content-Type");
  const auto type = http::media_type(content);
  Meter whole{FileAct::sent, path_of(request), {}, 0};
  if (const auto name = http::file_name(text_of(request.fields, "Content-Disposition"))) whole.name = *name;
  whole.from_start = begins_at_zero(text_of(request.fields, "Content-Range"));
  if (is_structured(type) || is_logon(request.path())) whole.at_most = kLargestMessage;
  if (request.body.kind == Kind::length && request.body.length <= whole.at_most)
    return BodyAccount{std::nullopt};
  BodyAccount account{std::move(whole)};
  if (type == "multipart/form-data")
    account.parts_ = std::make_unique<Parts>(http::parameter(content, "boundary").value_or(""));
  return account;
}

BodyAccount BodyAccount::of_download(const http::RequestHead& request, const http::ResponseHead& response) {
  using Kind = http::BodySize::Kind;
  const bool is_content = response.status >= 200 && response.status < 300;
  if (response.body.kind == Kind::none || !is_content) return BodyAccount{std::nullopt};
  const auto disposition = text_of(response.fields, "Content-Disposition");
  const auto name = http::file_name(disposition);
  Meter whole{FileAct::fetched, path_of(request), name.value_or(""), 0};
  whole.from_start = response.status != 206 || begins_at_zero(text_of(response.fields, "Content-Range"));
  const bool is_named = name.has_value() || http::media_type(disposition) == "attachment";
  if (!is_named && is_page_part(http::media_type(text_of(response.fields, "Content-Type"))))
    whole.at_most = kLargestPagePart;
  if (response.body.kind == Kind::length && response.body.length <= whole.at_most)
    return BodyAccount{std::nullopt};
  return BodyAccount{std::move(whole)};
}

void BodyAccount::see(std::string_view data) {
  if (!whole_) return;
  whole_->see(data);
  if (parts_) parts_->reader.take(data, *this);
}

std::vector<TellFile> BodyAccount::finish(bool complete) {
  std::vector<TellFile> files;
  if (!whole_) return files;
  if (!parts_) {
    whole_->report(complete, files);
    return files;
  }
  const bool told_apart = !parts_->reader.lost() && parts_->files.size() <= kMostParts;
  if (!told_apart || (complete && !parts_->reader.done())) {
    whole_->report(complete, files);
    return files;
  }
  if (parts_->open) end_part();  // broken off in it
  for (auto& file : parts_->files) file.complete = file.complete && complete;
  return std::move(parts_->files);
}

// A field without a file's name is a file only if it is too large for a field.
void BodyAccount::begin_part(const http::Fields& fields) {
  const auto disposition = text_of(fields, "Content-Disposition");
  auto name = http::file_name(disposition);
  const bool is_field = !name.has_value();
  if (is_field) name = http::parameter(disposition, "name");
  parts_->open = Meter{FileAct::sent, whole_->path, name.value_or(""), is_field ? kLargestMessage : 0};
}

void BodyAccount::part_data(std::string_view data) { parts_->open->see(data); }

void BodyAccount::end_part() {
  auto& open = *parts_->open;
  const bool nothing_chosen = open.name.empty() && open.size == 0;  // of a form with an empty file field
  if (!nothing_chosen && parts_->files.size() <= kMostParts) open.report(true, parts_->files);
  parts_->open.reset();
}

}  // namespace sallyport
