// doctor's rows about the host's network: reads /proc and asks nft, then judges (host_network.cpp).
// Runs in: sallyport.
#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "base/unique_fd.h"
#include "gateway/console/host_network.h"
#include "gateway/review/values.h"

namespace sallyport {

namespace {

constexpr std::string_view kOwnTables = "sallyport_";
// By its full name: whoever runs doctor may have a PATH without it, or one that others can write into.
constexpr const char* kNft = "/usr/sbin/nft";
constexpr std::size_t kMostOutput = 64 << 20;  // of nft; a table with large sets is long

std::string read_file(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream{path}.rdbuf();
  return text.str();
}

bool is_on(const char* path) { return read_file(path).starts_with('1'); }

std::string read_all(int fd) {
  std::string text;
  std::array<char, 64 * 1024> buffer;
  while (text.size() < kMostOutput) {
    const auto got = ::read(fd, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    text.append(buffer.data(), static_cast<std::size_t>(got));
  }
  return text;
}

// What `nft ARGUMENTS` prints. Without a shell: names of tables are others'.
Result<std::string> nft(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), kNft);
  std::vector<char*> words;
  for (auto& argument : arguments) words.push_back(argument.data());
  words.push_back(nullptr);
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return fail_errno("making a pipe");
  const UniqueFd read_end{ends[0]};
  UniqueFd write_end{ends[1]};
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, write_end.get(), STDOUT_FILENO);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  pid_t pid = -1;
  const int code = posix_spawn(&pid, kNft, &actions, nullptr, words.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (code != 0) return fail("{} cannot be run: {}", kNft, std::strerror(code));
  write_end = {};
  auto text = read_all(read_end.get());
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) continue;
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) return fail("nft fails (run as root)");
  return text;
}

// The tables that see the gate's packets, but for the gate's own. One by one: nft 1.0.6 prints broken JSON
// for tables that a program owns, which must not hide the others; such a one is named in `unread`.
Result<std::vector<HostTable>> read_tables(std::vector<std::string>& unread) {
  ASSIGN_OR_RETURN(const auto names, nft({"list", "tables"}));
  std::vector<HostTable> tables;
  std::istringstream lines{names};
  std::string word, family, name;
  while (lines >> word >> family >> name) {
    if (name.starts_with(kOwnTables) || (family != "inet" && family != "ip" && family != "ip6")) continue;
    const auto text = nft({"-j", "list", "table", family, name});
    if (!text) continue;  // gone in the meantime
    if (auto table = HostTable::parse(*text))
      tables.push_back(*std::move(table));
    else
      unread.push_back(family + " " + name);
  }
  return tables;
}

template <class Judge>
Finding judge_tables(const Judge& judge) {
  std::vector<std::string> unread;
  const auto tables = read_tables(unread);
  if (!tables)
    return warning("the host's own tables cannot be looked into: " + tables.error().message(), "run as root");
  auto finding = judge(*tables);
  if (finding.verdict == Verdict::ok && !unread.empty())
    return warning(
        fmt::format("nft cannot print table {} as JSON, so it was not looked into", fmt::join(unread, ", ")),
        "look with nft list ruleset");
  return finding;
}

// As root; for others most of /proc/PID/fd is closed, and the names stay empty. Of several programs the first
// one: systemd, if it listens for the others.
void name_programs(std::vector<HostSocket>& sockets) {
  std::map<std::string, HostSocket*> by_link;
  for (auto& socket : sockets) by_link.emplace(fmt::format("socket:[{}]", socket.inode), &socket);
  std::error_code error;
  for (const auto& process : std::filesystem::directory_iterator{"/proc", error}) {
    std::error_code closed, gone;
    std::filesystem::directory_iterator files{process.path() / "fd", closed}, end;
    for (; !closed && files != end; files.increment(closed)) {
      const auto found = by_link.find(std::filesystem::read_symlink(files->path(), gone).string());
      if (found == by_link.end() || !found->second->program.empty()) continue;
      std::getline(std::ifstream{process.path() / "comm"}, found->second->program);
    }
  }
}

Finding not_known() {
  return warning("not known while the configuration has problems", "sallyport check names them");
}

// conf/all counts for every interface: the larger of the two holds.
std::vector<std::string> strict_interfaces() {
  const std::filesystem::path folder{"/proc/sys/net/ipv4/conf"};
  const auto value = [&](const std::string& interface) {
    int number = 0;
    const auto text = read_file(folder / interface / "rp_filter");
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
  };
  const int all = value("all");
  std::vector<std::string> strict;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator{folder, error}) {
    const auto name = entry.path().filename().string();
    if (name != "all" && name != "default" && name != "lo" && std::max(all, value(name)) == 1)
      strict.push_back(name);
  }
  std::ranges::sort(strict);
  return strict;
}

}  // namespace

Finding check_nftables(const Patient&) {
  if (geteuid() != 0) return warning("nftables cannot be read without rights", "run as root");
  if (const auto tables = nft({"list", "tables"}); !tables)
    return failure("nftables cannot be read: " + tables.error().message(),
                   "apt-get install nftables, modprobe nf_tables");
  return fine("nftables can be read");
}

Finding check_host_firewall(const Patient& patient) {
  if (!read_file("/proc/net/ip_tables_names").empty() || !read_file("/proc/net/ip6_tables_names").empty())
    return warning("the host's own firewall is legacy iptables, which cannot be looked into here",
                   "see with iptables-legacy -S that it accepts the gate's ports");
  if (!patient.catalogue) return not_known();
  return judge_tables(
      [&](const auto& tables) { return judge_host_drops(tables, needs_of(*patient.catalogue)); });
}

Finding check_mark_bit(const Patient& patient) {
  const auto bit = patient.settings().mark_bit;
  return judge_tables([bit](const auto& tables) { return judge_mark_uses(tables, bit); });
}

Finding check_forwarding(const Patient& patient) {
  if (!patient.catalogue) return not_known();
  return judge_forwarding(
      {is_on("/proc/sys/net/ipv4/ip_forward"), is_on("/proc/sys/net/ipv6/conf/all/forwarding")},
      needs_of(*patient.catalogue));
}

Finding check_reverse_path(const Patient& patient) {
  if (!patient.catalogue) return not_known();
  return judge_reverse_path(strict_interfaces(), routes_in(read_file("/proc/net/route")),
                            needs_of(*patient.catalogue));
}

Finding check_ports(const Patient& patient) {
  if (!patient.catalogue) return not_known();
  std::vector<HostSocket> sockets;
  for (const auto& [path, transport] : {std::pair{"/proc/net/tcp", Transport::tcp},
                                        {"/proc/net/tcp6", Transport::tcp},
                                        {"/proc/net/udp", Transport::udp},
                                        {"/proc/net/udp6", Transport::udp}}) {
    const auto more = sockets_in(read_file(path), transport);
    sockets.insert(sockets.end(), more.begin(), more.end());
  }
  name_programs(sockets);
  const auto own = patient.status ? texts_of(*patient.status, "listening") : std::vector<std::string>{};
  return judge_service_ports(sockets, needs_of(*patient.catalogue), own);
}

}  // namespace sallyport
