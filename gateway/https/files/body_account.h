// BodyAccount: what one message's body is as files: one, several (multipart/form-data), or none. It reads
// along while the body passes. Pure; runs in: sallyport-https.
//
// What a page is made of, forms and the small structured messages of an API are no files, and nothing of them
// is hashed: they carry passwords, and a hash of a few bytes tells them to whoever guesses (I9). Whatever is
// larger than that is a file, however it is called.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/sha256.h"
#include "gateway/https/files/multipart_reader.h"
#include "gateway/https/http/request_head.h"
#include "gateway/https/http/response_head.h"
#include "gateway/wire/message.h"

namespace sallyport {

class BodyAccount final : private http::PartSink {
 public:
  static BodyAccount of_upload(const http::RequestHead& request);
  static BodyAccount of_download(const http::RequestHead& request, const http::ResponseHead& response);

  // Before the bytes go on.
  void see(std::string_view data);
  // The body is over. `complete`: it passed whole, and an upload was not refused. Without the channel.
  std::vector<TellFile> finish(bool complete);

 private:
  // Bytes that are one file's if they are more than `at_most`.
  struct Meter {
    FileAct act = FileAct::sent;
    std::string path, name;
    std::uint64_t at_most = 0, size = 0;
    bool from_start = true;
    std::optional<Sha256> hash{};
    void see(std::string_view data);
    void report(bool complete, std::vector<TellFile>& files);
  };
  struct Parts {
    explicit Parts(std::string_view boundary) : reader(boundary) {}
    http::MultipartReader reader;
    std::vector<TellFile> files;
    std::optional<Meter> open;
  };
  explicit BodyAccount(std::optional<Meter> whole) : whole_(std::move(whole)) {}
  void begin_part(const http::Fields& fields) override;
  void part_data(std::string_view data) override;
  void end_part() override;

  std::optional<Meter> whole_;    // also of a multipart body, in case its parts cannot be told apart
  std::unique_ptr<Parts> parts_;  // only of a multipart body
};

}  // namespace sallyport
