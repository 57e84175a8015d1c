// Tar: archives in one spelling alone, a narrow part of POSIX ustar that every tar reads. Written from a name
// and a size only, so that the same content makes the same bytes; and read by comparing each header with the
// one that we should have written: nothing of what tar can express otherwise (links, devices, owners, long
// names, sparse files, text behind the end) reaches anybody, and no bit can differ unseen. That is also why
// no library does it: each is made to accept what we have to refuse. Runs in: sallyport.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace sallyport {

// Of a file within an archive: relative, plain characters, no part of it "..", at most 100 bytes.
Done check_tar_name(std::string_view name);

class TarWriter {
 public:
  explicit TarWriter(int fd) : fd_(fd) {}  // appended to; outlives the writer

  Done add(const std::string& name, std::string_view bytes);
  // The same in pieces that make `size` bytes together.
  Done begin(const std::string& name, std::uint64_t size);
  Done piece(std::string_view bytes);
  Done end();
  // Behind the last file.
  Done finish();

 private:
  int fd_;
  std::uint64_t left_ = 0, padding_ = 0;
};

struct TarFile {
  std::string name;
  std::uint64_t size = 0;
};

class TarReader {
 public:
  explicit TarReader(int fd) : fd_(fd) {}  // read from where it stands; outlives the reader

  // The next file; empty at the end of the archive, behind which nothing may stand. What was not read of the
  // one before must have been read.
  Result<std::optional<TarFile>> next();
  // The next piece of its content; empty when that was all.
  Result<std::string_view> piece();

 private:
  Result<std::string_view> read(std::size_t most);
  Result<std::string_view> exactly(std::size_t size, std::string_view what);
  Done nothing_more();

  int fd_;
  std::string buffer_;
  std::uint64_t left_ = 0, padding_ = 0;
};

}  // namespace sallyport
