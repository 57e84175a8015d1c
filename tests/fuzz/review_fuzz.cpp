// Fuzzes what a reviewer's console reads of strangers: an archive that is said to be a bundle, a recording,
// plain or compressed, and the page that is made of one. Runs in: a test program.
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "base/file.h"
#include "gateway/review/bundle.h"
#include "gateway/review/cast_reader.h"
#include "gateway/review/tar.h"
#include "gateway/review/terminal_lines.h"

namespace {

using namespace sallyport;

UniqueFd file_of(std::string_view bytes) {
  UniqueFd fd{::memfd_create("fuzz", MFD_CLOEXEC)};
  our_bug(!fd || !write_all(fd.get(), bytes) || ::lseek(fd.get(), 0, SEEK_SET) != 0, "a file in memory");
  return fd;
}

void read_archive(std::string_view bytes) {
  const auto fd = file_of(bytes);
  TarReader tar{fd.get()};
  for (auto file = tar.next(); file && *file; file = tar.next()) {
    our_bug(!check_tar_name((*file)->name), "a name leads out of the archive");
    auto piece = tar.piece();
    while (piece && !piece->empty()) piece = tar.piece();
    if (!piece) return;
  }
  // By the key that is in it, it may be whole: a seed is.
  const auto by_its_own = file_of(bytes), by_another = file_of(bytes);
  (void)check_bundle(by_its_own.get(), {}, "1");
  const auto stranger = HeadVerifier::of("nobody", std::string(32, 'x'));
  our_bug(check_bundle(by_another.get(), stranger, "1").has_value(), "nobody has signed this");
}

void read_recording(std::string_view bytes) {
  auto reader = CastReader::open(RecordingBytes{file_of(bytes)});
  if (!reader) return;
  TerminalLines lines{[](const SeenLine& line) {
    our_bug(line.text.find('\x1b') != line.text.npos, "a line has an escape character");
  }};
  for (auto event = reader->next(); event && *event; event = reader->next()) lines.take(**event);
  lines.finish();
}

std::size_t count(std::string_view text, std::string_view part) {
  std::size_t found = 0;
  for (auto at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++found;
  return found;
}

// Whatever it says, it opens and ends no element.
void make_page(const std::string& text) {
  SessionStory story;
  story.name = story.row.reason = story.row.peer = text;
  story.recordings.push_back({1, text.size(), "recordings/s/1.cast", "", text});
  const auto page = session_page(story);
  const bool plays = parse_cast(text).has_value();
  our_bug(count(page, "<script") != (plays ? 2U : 1U) || count(page, "</script") != (plays ? 2U : 1U) ||
              count(page, "<img") != 0,
          "a text has become HTML");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes{reinterpret_cast<const char*>(data), size};
  read_archive(bytes);
  read_recording(bytes);
  make_page(bytes);
  return 0;
}
