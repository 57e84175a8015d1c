// Runs in: sallyport-respond (as the representative).
#include "auth/respond/child.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>

#include "base/check.h"
#include "base/file.h"
#include "base/handle.h"
#include "base/unique_fd.h"

extern char** environ;

namespace sallyport {

namespace {

using Variables = std::vector<std::pair<std::string, std::string>>;
constexpr std::size_t kMostInput = 4096;  // one page: what even the smallest pipe holds

struct Pipe {
  UniqueFd out, in;  // read from, write to

  static Result<Pipe> make() {
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) return fail_errno("making a pipe");
    return Pipe{UniqueFd{ends[0]}, UniqueFd{ends[1]}};
  }
};

std::vector<std::string> environment_with(const Variables& variables) {
  std::vector<std::string> all;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text{*entry};
    bool replaced = false;
    for (const auto& [name, value] : variables) replaced |= text.starts_with(name + "=");
    if (!replaced) all.emplace_back(text);
  }
  for (const auto& [name, value] : variables) all.push_back(fmt::format("{}={}", name, value));
  return all;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> all;
  for (auto& text : texts) all.push_back(text.data());
  all.push_back(nullptr);
  return all;
}

Result<pid_t> start(std::vector<std::string> command, const Variables& variables, int input, int output) {
  posix_spawn_file_actions_t actions;
  our_bug(posix_spawn_file_actions_init(&actions) != 0, "no memory");
  const std::unique_ptr<posix_spawn_file_actions_t, FreeWith<posix_spawn_file_actions_destroy>> owned{
      &actions};
  posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  auto environment = environment_with(variables);
  pid_t child = 0;
  const int fault = posix_spawnp(&child, command.front().c_str(), &actions, nullptr, pointers(command).data(),
                                 pointers(environment).data());
  if (fault != 0) return tl::unexpected{Error{fmt::format("starting {}", command.front()), fault}};
  return child;
}

Done wait_for(pid_t child, const std::string& program) {
  int status = 0;
  while (waitpid(child, &status, 0) < 0)
    if (errno != EINTR) return fail_errno("waiting for {}", program);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  return fail("{} did not do it ({} {})", program, WIFEXITED(status) ? "exit status" : "signal",
              WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
}

// Up to one byte more than `limit`.
Result<Secret> read_all(int fd, std::size_t limit) {
  std::string text(limit + 1, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const auto got = ::read(fd, text.data() + size, text.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_errno("reading what a program says");
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  text.resize(size);
  return Secret::taking(std::move(text));
}

}  // namespace

Result<Secret> output_of(const std::vector<std::string>& command, std::string_view input, std::size_t limit,
                         const Variables& variables) {
  our_bug(command.empty() || input.size() > kMostInput, "more input than a pipe holds");
  ASSIGN_OR_RETURN(auto to_child, Pipe::make());
  ASSIGN_OR_RETURN(auto from_child, Pipe::make());
  // Before it starts: so nothing waits for a reader, and no signal comes if it reads nothing.
  RETURN_IF_ERROR(write_all(to_child.in.get(), input));
  to_child.in.reset();
  ASSIGN_OR_RETURN(const auto child, start(command, variables, to_child.out.get(), from_child.in.get()));
  to_child.out.reset();
  from_child.in.reset();
  auto text = read_all(from_child.out.get(), limit);
  from_child.out.reset();
  RETURN_IF_ERROR(wait_for(child, command.front()));
  if (text && text->size() > limit) return fail("{} prints more than {} bytes", command.front(), limit);
  return text;
}

}  // namespace sallyport
