// Runs in: sallyport.
#include "gateway/console/run_program.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/file.h"
#include "base/handle.h"
#include "base/unique_fd.h"

extern char** environ;

namespace sallyport {

namespace {

// Files in memory instead of pipes: neither side can wait for the other.
Result<UniqueFd> memory_with(std::string_view bytes) {
  UniqueFd file{memfd_create("sallyport", MFD_CLOEXEC)};
  if (!file) return fail_errno("making a file in memory");
  RETURN_IF_ERROR(write_all(file.get(), bytes));
  if (lseek(file.get(), 0, SEEK_SET) != 0) return fail_errno("rewinding a file in memory");
  return file;
}

Result<std::string> all_of(int file, std::size_t limit) {
  struct stat status {};
  if (fstat(file, &status) != 0) return fail_errno("looking at what a program printed");
  if (static_cast<std::size_t>(status.st_size) > limit) return fail("it printed more than {} bytes", limit);
  std::string text(static_cast<std::size_t>(status.st_size), '\0');
  const auto got = pread(file, text.data(), text.size(), 0);
  if (got != status.st_size) return fail_errno("reading what a program printed");
  return text;
}

Result<pid_t> start(std::vector<std::string> command, int input, int output) {
  posix_spawn_file_actions_t actions;
  if (const int fault = posix_spawn_file_actions_init(&actions); fault != 0)
    return tl::unexpected{Error{"preparing to start a program", fault}};
  const std::unique_ptr<posix_spawn_file_actions_t, FreeWith<posix_spawn_file_actions_destroy>> owned{
      &actions};
  posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  std::vector<char*> words;
  for (auto& word : command) words.push_back(word.data());
  words.push_back(nullptr);
  pid_t child = 0;
  if (const int fault = posix_spawnp(&child, words[0], &actions, nullptr, words.data(), environ); fault != 0)
    return tl::unexpected{Error{fmt::format("starting {}", command.front()), fault}};
  return child;
}

}  // namespace

Result<ProgramResult> run_program(const std::vector<std::string>& command, std::string_view input,
                                  std::size_t limit) {
  ASSIGN_OR_RETURN(const auto in, memory_with(input));
  ASSIGN_OR_RETURN(const auto out, memory_with({}));
  ASSIGN_OR_RETURN(const auto child, start(command, in.get(), out.get()));
  int status = 0;
  while (waitpid(child, &status, 0) < 0)
    if (errno != EINTR) return fail_errno("waiting for {}", command.front());
  ProgramResult result;
  if (WIFEXITED(status)) result.status = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) result.signal = WTERMSIG(status);
  auto output = all_of(out.get(), limit);
  if (!output) return tl::unexpected{output.error().within(command.front())};
  result.output = *std::move(output);
  return result;
}

}  // namespace sallyport
