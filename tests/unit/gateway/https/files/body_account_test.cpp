// Which bodies are files, and what is told of them. Runs in: unit tests.
#include "gateway/https/files/body_account.h"

#include "tests/catch.h"

using namespace sallyport;
using Kind = http::BodySize::Kind;

namespace {

http::RequestHead put(std::string_view path, std::uint64_t size, std::string_view type = "") {
  http::RequestHead request;
  request.method = "PUT";
  request.target = path;
  request.body = {Kind::length, size};
  if (!type.empty()) request.fields.add("Content-Type", type);
  return request;
}

http::ResponseHead answer(std::uint64_t size, std::string_view type, std::string_view disposition = "") {
  http::ResponseHead response;
  response.status = 200;
  response.body = {Kind::length, size};
  response.fields.add("Content-Type", type);
  if (!disposition.empty()) response.fields.add("Content-Disposition", disposition);
  return response;
}

std::vector<TellFile> uploaded(const http::RequestHead& request, std::string_view body,
                               bool complete = true) {
  auto account = BodyAccount::of_upload(request);
  account.see(body);
  return account.finish(complete);
}

std::vector<TellFile> downloaded(const http::ResponseHead& response, std::string_view body) {
  http::RequestHead request;
  request.target = "/get?token=geheim";
  auto account = BodyAccount::of_download(request, response);
  account.see(body);
  return account.finish(true);
}

std::string form(std::string_view parts) { return std::string{parts} + "--b--\r\n"; }

constexpr std::string_view kForm = "multipart/form-data; boundary=b";
constexpr std::string_view kFile =
    "--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"fix.iso\"\r\n\r\nbytes\r\n";
constexpr std::string_view kPassword =
    "--b\r\nContent-Disposition: form-data; name=\"password\"\r\n\r\ngeheim\r\n";

}  // namespace

TEST_CASE("a body that is put is a file, with its hash and without the query") {
  const auto files = uploaded(put("/upload?token=geheim", 5), "bytes");
  REQUIRE(files.size() == 1);
  CHECK(files[0].act == FileAct::sent);
  CHECK(files[0].path == "/upload");
  CHECK(files[0].size == 5);
  CHECK(files[0].complete);
  CHECK(files[0].hash == FileHash::known);
  CHECK(files[0].sha256 == Sha256::hex_of("bytes"));
}

TEST_CASE("I9: forms and an API's messages are no files and have no hash, unless they are large") {
  for (const auto* type : {"application/x-www-form-urlencoded", "application/json; charset=utf-8",
                           "application/vnd.ibm.powervm.web+xml; type=LogonRequest", "text/xml"}) {
    CHECK(uploaded(put("/login", 6, type), "geheim").empty());
    auto chunked = put("/login", 0, type);
    chunked.body.kind = Kind::chunked;
    CHECK(uploaded(chunked, "geheim").empty());
    const std::string large(70'000, 'x');
    CHECK(uploaded(put("/login", large.size(), type), large).size() == 1);
  }
  CHECK(uploaded(put("/rest/api/web/Logon", 6), "geheim").empty());
  CHECK(uploaded(put("/form", 200, kForm), form(kPassword)).empty());
}

TEST_CASE("each file of a form is told by its own name and hash") {
  const auto body = form(std::string{kPassword} + std::string{kFile} +
                         "--b\r\nContent-Disposition: form-data; name=\"g\"; filename=\"b.log\"\r\n\r\n\r\n");
  const auto files = uploaded(put("/upload", body.size(), kForm), body);
  REQUIRE(files.size() == 2);
  CHECK(files[0].other == "fix.iso");
  CHECK(files[0].sha256 == Sha256::hex_of("bytes"));
  CHECK(files[1].other == "b.log");
  CHECK(files[1].size == 0);
  CHECK(files[1].sha256 == Sha256::hex_of(""));
}

TEST_CASE("an empty file field is no file; a field that is too large for one is") {
  CHECK(uploaded(put("/upload", 200, kForm),
                 form("--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"\"\r\n\r\n\r\n"))
            .empty());
  const std::string large(70'000, 'x');
  const auto files =
      uploaded(put("/upload", 80'000, kForm),
               form("--b\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\n" + large + "\r\n"));
  REQUIRE(files.size() == 1);
  CHECK(files[0].other == "note");
  CHECK(files[0].sha256 == Sha256::hex_of(large));
}

TEST_CASE("a form whose parts cannot be told apart is one file, whole") {
  for (const auto& body : {form(kFile) + "hidden behind", "hidden before\r\n" + form(kFile),
                           std::string{kFile} + "--b \r\n", std::string{kFile}}) {
    const auto files = uploaded(put("/upload", body.size(), kForm), body);
    REQUIRE(files.size() == 1);
    CHECK(files[0].other.empty());
    CHECK(files[0].sha256 == Sha256::hex_of(body));
  }
  const auto none = uploaded(put("/upload", 100, "multipart/form-data"), kFile);
  REQUIRE(none.size() == 1);
  CHECK(none[0].sha256 == Sha256::hex_of(kFile));
}

TEST_CASE("of more files than a form has, the body is told as one") {
  std::string many;
  for (int number = 0; number < 300; ++number) many += kFile;
  const auto files = uploaded(put("/upload", 100'000, kForm), form(many));
  REQUIRE(files.size() == 1);
  CHECK(files[0].sha256 == Sha256::hex_of(form(many)));
}

TEST_CASE("what broke off is told as far as it came") {
  const auto files =
      uploaded(put("/upload", 500, kForm), std::string{kFile} + std::string{kFile}.substr(0, 80), false);
  REQUIRE(files.size() == 2);
  CHECK_FALSE(files[0].complete);
  CHECK_FALSE(files[1].complete);
  CHECK_FALSE(uploaded(put("/upload", 5), "by", false)[0].complete);
}

TEST_CASE("a download is a file by its disposition, its type or its size") {
  const auto named = downloaded(answer(5, "text/html", "attachment; filename=\"dump.bin\""), "bytes");
  REQUIRE(named.size() == 1);
  CHECK(named[0].act == FileAct::fetched);
  CHECK(named[0].path == "/get");
  CHECK(named[0].other == "dump.bin");
  CHECK(named[0].sha256 == Sha256::hex_of("bytes"));
  CHECK(downloaded(answer(5, "application/octet-stream"), "bytes").size() == 1);
  CHECK(downloaded(answer(5, "text/html; charset=utf-8"), "bytes").empty());
  CHECK(downloaded(answer(5, "application/json"), "bytes").empty());
  const std::string large(1'100'000, 'x');
  CHECK(downloaded(answer(large.size(), "text/html"), large).size() == 1);
}

TEST_CASE("a part of a file has no hash of the file") {
  auto partial = answer(5, "application/octet-stream");
  partial.status = 206;
  partial.fields.add("Content-Range", "bytes 5-9/10");
  const auto files = downloaded(partial, "bytes");
  REQUIRE(files.size() == 1);
  CHECK(files[0].hash == FileHash::not_from_start);
  CHECK(files[0].sha256.empty());
  auto resumed = put("/upload", 5);
  resumed.fields.add("Content-Range", "bytes 5-9/10");
  CHECK(uploaded(resumed, "bytes")[0].hash == FileHash::not_from_start);
}

TEST_CASE("what is no content is no file") {
  auto refused = answer(5, "application/octet-stream");
  refused.status = 404;
  CHECK(downloaded(refused, "bytes").empty());
  http::RequestHead without_body;
  without_body.target = "/";
  CHECK(uploaded(without_body, "").empty());
}
