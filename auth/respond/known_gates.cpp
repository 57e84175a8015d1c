// Runs in: sallyport-respond (as the representative).
#include "auth/respond/known_gates.h"

#include <fcntl.h>
#include <sys/file.h>

#include <algorithm>

#include "auth/ocra_session.h"
#include "auth/respond/home.h"
#include "auth/respond/private_file.h"
#include "base/escape.h"
#include "base/file.h"

namespace sallyport {

namespace {

constexpr std::size_t kLongestName = 255;

std::string_view take_word(std::string_view& rest) {
  const auto end = std::min(rest.find(' '), rest.size());
  const auto word = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return word;
}

bool says_nothing(std::string_view line) { return line.empty() || line.starts_with('#'); }

Result<KnownGate> read_line(std::string_view line) {
  KnownGate gate;
  gate.name = take_word(line);
  gate.fingerprint = take_word(line);
  gate.first_seen = line;
  if (!is_gate_name(gate.name) || !is_fingerprint(gate.fingerprint))
    return fail("expected NAME SHA256:FINGERPRINT TIME");
  const bool time =
      line.size() == 20 && line.ends_with('Z') && from_rfc3339(fmt::format("{}.000000Z", line.substr(0, 19)));
  if (!time) return fail("expected a time like 2026-01-31T23:59:59Z");
  return gate;
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) lines.push_back(take_line(text));
  return lines;
}

// While it lives, no other of our processes changes the file. A lock file beside it, since it is replaced.
Result<UniqueFd> lock_beside(const std::filesystem::path& path) {
  RETURN_IF_ERROR(make_private_folder(path.parent_path()));
  const auto name = path.string() + ".lock";
  UniqueFd lock{::open(name.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600)};
  if (!lock || flock(lock.get(), LOCK_EX) != 0) return fail_errno("locking {}", name);
  return lock;
}

Result<std::string> text_of(const std::filesystem::path& path) {
  const auto text = read_own_file(path, Readers::anyone);
  if (text) return std::string{text->reveal()};
  if (text.error().code() == ENOENT) return std::string{};
  return tl::unexpected{text.error()};
}

}  // namespace

bool is_gate_name(std::string_view name) {
  return !name.empty() && name.size() <= kLongestName && name.front() != '#' &&
         std::all_of(name.begin(), name.end(), [](char c) { return c > ' ' && c < '\x7f'; });
}

Result<KnownGates> KnownGates::parse(std::string_view text) {
  KnownGates known;
  int number = 0;
  for (const auto line : lines_of(text)) {
    ++number;
    if (says_nothing(line)) continue;
    auto gate = read_line(line);
    if (!gate) return tl::unexpected{gate.error().within(fmt::format("line {}", number))};
    known.gates_.push_back(*std::move(gate));
  }
  return known;
}

std::vector<KnownGate> KnownGates::named(std::string_view name) const {
  std::vector<KnownGate> found;
  std::copy_if(gates_.begin(), gates_.end(), std::back_inserter(found),
               [&](const KnownGate& gate) { return gate.name == name; });
  return found;
}

Result<std::filesystem::path> known_gates_file() {
  ASSIGN_OR_RETURN(const auto folder, config_folder());
  return folder / "known_gates";
}

Result<KnownGates> read_known_gates(const std::filesystem::path& path) {
  ASSIGN_OR_RETURN(const auto text, text_of(path));
  auto known = KnownGates::parse(text);
  if (!known) return tl::unexpected{known.error().within(path.string())};
  return known;
}

Done add_known_gate(const std::filesystem::path& path, std::string_view name, std::string_view fingerprint,
                    WallTime now) {
  if (!is_gate_name(name)) return fail("'{}' cannot be a gate's name", escape_terminal(name));
  ASSIGN_OR_RETURN(const auto lock, lock_beside(path));
  ASSIGN_OR_RETURN(auto text, text_of(path));
  ASSIGN_OR_RETURN(const auto known, read_known_gates(path));
  for (const auto& gate : known.named(name))
    if (gate.fingerprint == fingerprint) return {};
  if (!text.empty() && !text.ends_with('\n')) text += '\n';
  text += fmt::format("{} {} {}Z\n", name, fingerprint, to_rfc3339(now).substr(0, 19));
  return replace_file(path, text, 0600);
}

Done forget_known_gate(const std::filesystem::path& path, std::string_view name) {
  ASSIGN_OR_RETURN(const auto lock, lock_beside(path));
  ASSIGN_OR_RETURN(const auto text, text_of(path));
  ASSIGN_OR_RETURN(const auto known, read_known_gates(path));
  if (known.named(name).empty()) return fail("no gate '{}' in {}", escape_terminal(name), path.string());
  std::string rest;
  for (auto line : lines_of(text)) {
    auto words = line;
    if (says_nothing(line) || take_word(words) != name) rest += fmt::format("{}\n", line);
  }
  return replace_file(path, rest, 0600);
}

}  // namespace sallyport
