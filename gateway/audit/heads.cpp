// Runs in: sallyportd, sallyport.
#include "gateway/audit/heads.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>

#include "base/unique_fd.h"

namespace sallyport {

namespace {

constexpr std::uint64_t kTail = 1024 * 1024;

Result<std::string> read_tail(const std::filesystem::path& file, std::uint64_t& from) {
  const UniqueFd fd{::open(file.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC)};
  if (!fd) return fail_errno("opening {}", file.string());
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) return fail_errno("looking at {}", file.string());
  const auto size = static_cast<std::uint64_t>(std::max<off_t>(status.st_size, 0));
  from = size > kTail ? size - kTail : 0;
  std::string text(size - from, '\0');
  std::size_t had = 0;
  while (had < text.size()) {
    const auto got = ::pread(fd.get(), text.data() + had, text.size() - had, static_cast<off_t>(from + had));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_errno("reading {}", file.string());
    if (got == 0) break;
    had += static_cast<std::size_t>(got);
  }
  text.resize(had);
  return text;
}

// Behind the empty line that follows a signature; nothing before `from`.
std::size_t end_of_note(std::string_view text, std::size_t from) {
  constexpr std::string_view kSignature = "\n\xe2\x80\x94 ";
  const auto signature = text.find(kSignature, from);
  const auto end = signature == text.npos ? text.npos : text.find("\n\n", signature + 1);
  return end == text.npos ? text.npos : end + 2;
}

}  // namespace

Result<LastHeads> read_last_heads(const std::filesystem::path& file) {
  std::uint64_t from = 0;
  ASSIGN_OR_RETURN(const auto text, read_tail(file, from));
  std::size_t at = 0, end = 0;
  if (from > 0) at = end_of_note(text, 0);  // begins within one
  LastHeads heads;
  while (at != text.npos && (end = end_of_note(text, at)) != text.npos) {
    heads.notes.push_back(text.substr(at, end - 1 - at));
    at = end;
  }
  if (at == text.npos) at = text.size();
  heads.end = from + at;
  heads.rest = text.substr(at);
  return heads;
}

Result<std::vector<TreeHead>> open_heads(const std::vector<std::string>& notes,
                                         const HeadVerifier& verifier) {
  std::vector<TreeHead> heads;
  for (std::size_t i = 0; i < notes.size(); ++i) {
    auto head = verifier.open(notes[i]);
    if (!head) return tl::unexpected{head.error().within(fmt::format("head {}", i + 1))};
    heads.push_back(*head);
  }
  std::stable_sort(heads.begin(), heads.end(),
                   [](const TreeHead& a, const TreeHead& b) { return a.size < b.size; });
  return heads;
}

std::vector<std::uint64_t> sizes_of(const std::vector<TreeHead>& heads) {
  std::vector<std::uint64_t> sizes;
  for (const auto& head : heads)
    if (sizes.empty() || sizes.back() != head.size) sizes.push_back(head.size);
  return sizes;
}

HeadsCheck compare_heads(const std::vector<TreeHead>& heads, const Walk& walk) {
  HeadsCheck check;
  for (const auto& head : heads) {
    if (head.size < walk.deleted.records) {
      ++check.deleted;
      continue;
    }
    ++check.checked;
    const auto after = check.good_until ? fmt::format("after record {}", *check.good_until)
                                        : std::string{"from the first record on"};
    if (head.size > walk.head.seq)
      check.problem = fmt::format("shortened: it ends at record {}, but a head of {} records was signed",
                                  walk.head.seq, head.size);
    else if (const auto found = walk.roots.find(head.size); found == walk.roots.end())
      check.problem = fmt::format("record {} cannot be reached, because the journal is broken", head.size);
    else if (found->second != head.root)
      check.problem =
          fmt::format("rewritten: {}, up to record {}, it is not what was signed", after, head.size);
    if (!check.problem.empty()) return check;
    check.good_until = head.size;
  }
  if (check.checked == 0 && check.deleted > 0)
    check.problem = fmt::format(
        "deleted as old up to record {}, which is further than any of these heads goes: it cannot be told "
        "whether it continues them",
        walk.deleted.records);
  return check;
}

}  // namespace sallyport
