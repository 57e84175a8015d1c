// Fuzzes what is read of files in forms: however a body is cut, the same files come of it, and where its
// parts cannot be told apart it is one file, whole. Runs in: a test program.
#include "base/check.h"
#include "gateway/https/files/body_account.h"

namespace {

using namespace sallyport;

// `piece`: bytes at a time.
std::vector<TellFile> files_of(std::string_view body, std::size_t piece) {
  http::RequestHead request;
  request.method = "POST";
  request.target = "/upload";
  request.body = {http::BodySize::Kind::chunked, 0};
  request.fields.add("Content-Type", "multipart/form-data; boundary=b");
  auto account = BodyAccount::of_upload(request);
  for (std::size_t at = 0; at < body.size(); at += std::min(piece, body.size() - at))
    account.see(body.substr(at, piece));
  return account.finish(true);
}

bool same(const TellFile& a, const TellFile& b) {
  return a.other == b.other && a.size == b.size && a.sha256 == b.sha256 && a.complete == b.complete;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view body{reinterpret_cast<const char*>(data) + 1, size - 1};
  const auto whole = files_of(body, body.size() + 1), cut = files_of(body, 1 + data[0]);
  our_bug(!std::equal(whole.begin(), whole.end(), cut.begin(), cut.end(), same), "files depend on the cut");
  std::uint64_t told = 0;
  for (const auto& file : whole) told += file.size;
  our_bug(told > body.size(), "more files than bytes");
  if (whole.size() == 1 && whole[0].other.empty() && whole[0].size == body.size())
    our_bug(whole[0].sha256 != Sha256::hex_of(body), "a whole body with another hash");
  return 0;
}
