// LoggedDisk: a disk's image as one file of a FUSE file system, which remembers every write and every flush
// in their order, and what had been acknowledged by then. So a test can make the disk that a power cut at any
// moment leaves: all writes up to the last flush, and of the later ones what it likes, in any order. The
// kernel's loop device makes a real disk of it, with a real file system on top. Needs root. Runs in: tests.
#pragma once

#include <fcntl.h>
#include <linux/fuse.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "base/check.h"
#include "base/unique_fd.h"

namespace sallyport {

struct DiskStep {
  bool flush = false;  // all that was written before is on the medium
  std::uint64_t offset = 0;
  std::string data;
  std::uint64_t acknowledged = 0;  // when this step was asked for
};

inline void apply(int image, const DiskStep& step) {
  our_bug(::pwrite(image, step.data.data(), step.data.size(), static_cast<off_t>(step.offset)) !=
              static_cast<ssize_t>(step.data.size()),
          "writing an image");
}

class LoggedDisk {
 public:
  // Serves a copy of `image`, which is changed, as `folder`/disk.
  LoggedDisk(const std::string& image, std::string folder, const std::atomic<std::uint64_t>& acknowledged)
      : image_(::open(image.c_str(), O_RDWR | O_CLOEXEC)),
        fuse_(::open("/dev/fuse", O_RDWR | O_CLOEXEC)),
        folder_(std::move(folder)),
        acknowledged_(acknowledged) {
    our_bug(!image_ || !fuse_, "no image, or no /dev/fuse");
    const auto options = "fd=" + std::to_string(fuse_.get()) + ",rootmode=40000,user_id=0,group_id=0";
    our_bug(::mount("disk", folder_.c_str(), "fuse", MS_NOSUID | MS_NODEV, options.c_str()) != 0, "no FUSE");
    server_ = std::thread{[this] { serve(); }};
  }
  // Nothing may have it mounted any more.
  std::vector<DiskStep> finish() {
    // The loop device lets its file go a moment after its file system is unmounted.
    int tries = 0;
    while (::umount2(folder_.c_str(), 0) != 0) {
      our_bug(errno != EBUSY || ++tries > 1000, "the disk is in use");
      ::usleep(10'000);
    }
    server_.join();
    return std::move(steps_);
  }

 private:
  static constexpr std::uint32_t kMostAtOnce = 128 * 1024;
  static constexpr std::uint64_t kFile = 2;  // its inode; 1 is the folder

  void serve() {
    std::vector<char> request(kMostAtOnce + 4096);
    while (true) {
      const auto got = ::read(fuse_.get(), request.data(), request.size());
      if (got < 0 && (errno == EINTR || errno == ENOENT)) continue;
      if (got < 0) return;  // ENODEV: unmounted
      fuse_in_header header;
      std::memcpy(&header, request.data(), sizeof header);
      answer(header, request.data() + sizeof header);
    }
  }

  template <class T>
  static T taken(const char* body) {
    T value;
    std::memcpy(&value, body, sizeof value);
    return value;
  }

  template <class T>
  void reply(std::uint64_t unique, const T& body) {
    reply_bytes(unique, &body, sizeof body);
  }
  void reply_bytes(std::uint64_t unique, const void* body, std::size_t size, int error = 0) {
    fuse_out_header header{static_cast<std::uint32_t>(sizeof header + size), -error, unique};
    const iovec parts[] = {{&header, sizeof header}, {const_cast<void*>(body), size}};
    (void)::writev(fuse_.get(), parts, size == 0 ? 1 : 2);
  }

  fuse_attr attributes(std::uint64_t node) const {
    fuse_attr attr{};
    attr.ino = node;
    attr.mode = node == kFile ? S_IFREG | 0600 : S_IFDIR | 0700;
    attr.nlink = 1;
    attr.blksize = 4096;
    if (node == kFile) attr.size = static_cast<std::uint64_t>(::lseek(image_.get(), 0, SEEK_END));
    return attr;
  }

  void answer(const fuse_in_header& header, const char* body) {
    switch (header.opcode) {
      case FUSE_INIT: {
        fuse_init_out out{};
        out.major = FUSE_KERNEL_VERSION;
        out.minor = 31;
        out.flags = FUSE_BIG_WRITES;
        out.max_write = kMostAtOnce;
        return reply(header.unique, out);
      }
      case FUSE_LOOKUP: {
        fuse_entry_out out{};
        out.nodeid = kFile;
        out.attr_valid = out.entry_valid = 3600;
        out.attr = attributes(kFile);
        return reply(header.unique, out);
      }
      case FUSE_GETATTR:
      case FUSE_SETATTR: {
        fuse_attr_out out{};
        out.attr_valid = 3600;
        out.attr = attributes(header.nodeid);
        return reply(header.unique, out);
      }
      case FUSE_OPEN:
      case FUSE_OPENDIR: {
        fuse_open_out out{};
        out.open_flags = FOPEN_DIRECT_IO;  // nothing is kept back in a cache of the kernel's
        return reply(header.unique, out);
      }
      case FUSE_READ:
        return read(header.unique, taken<fuse_read_in>(body));
      case FUSE_WRITE:
        return write(header.unique, taken<fuse_write_in>(body), body + sizeof(fuse_write_in));
      case FUSE_FSYNC:
        steps_.push_back({true, 0, {}, acknowledged_.load()});
        return reply_bytes(header.unique, nullptr, 0);
      case FUSE_FLUSH:
      case FUSE_RELEASE:
      case FUSE_RELEASEDIR:
      case FUSE_DESTROY:
        return reply_bytes(header.unique, nullptr, 0);
      case FUSE_FORGET:
      case FUSE_BATCH_FORGET:
      case FUSE_INTERRUPT:
        return;  // these have no answer
      default:
        return reply_bytes(header.unique, nullptr, 0, ENOSYS);
    }
  }

  void read(std::uint64_t unique, const fuse_read_in& asked) {
    std::string piece(asked.size, '\0');
    const auto got = ::pread(image_.get(), piece.data(), piece.size(), static_cast<off_t>(asked.offset));
    our_bug(got < 0, "reading the image");
    reply_bytes(unique, piece.data(), static_cast<std::size_t>(got));
  }

  void write(std::uint64_t unique, const fuse_write_in& asked, const char* bytes) {
    steps_.push_back({false, asked.offset, std::string{bytes, asked.size}, acknowledged_.load()});
    apply(image_.get(), steps_.back());
    fuse_write_out out{};
    out.size = asked.size;
    reply(unique, out);
  }

  UniqueFd image_, fuse_;
  std::string folder_;
  const std::atomic<std::uint64_t>& acknowledged_;
  std::vector<DiskStep> steps_;  // the server's alone until finish()
  std::thread server_;
};

}  // namespace sallyport
