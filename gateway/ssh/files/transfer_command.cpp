// Runs in: sallyport-ssh.
#include "gateway/ssh/files/transfer_command.h"

#include <algorithm>
#include <array>

namespace sallyport {

namespace {

constexpr std::string_view kSpaces = " \t", kShellSyntax = ";|&<>()\n";

// The words of a command line's first simple command, unquoted as a POSIX shell does (2.2, "Quoting"),
// without expansions.
class Words {
 public:
  explicit Words(std::string_view line) : rest_(line) {}

  std::vector<std::string> all() {
    std::vector<std::string> words;
    for (;;) {
      while (!rest_.empty() && kSpaces.find(rest_.front()) != kSpaces.npos) rest_.remove_prefix(1);
      if (rest_.empty() || kShellSyntax.find(rest_.front()) != kShellSyntax.npos) return words;
      words.push_back(next());
    }
  }

 private:
  std::string next() {
    std::string word;
    char quote = 0;
    while (!rest_.empty()) {
      const char c = rest_.front();
      if (quote == 0 && (kSpaces.find(c) != kSpaces.npos || kShellSyntax.find(c) != kShellSyntax.npos)) break;
      rest_.remove_prefix(1);
      if (c == quote)
        quote = 0;
      else if (quote == 0 && (c == '\'' || c == '"'))
        quote = c;
      else if (c == '\\' && quote != '\'' && !rest_.empty())
        word += take();
      else
        word += c;
    }
    return word;
  }
  char take() {
    const char c = rest_.front();
    rest_.remove_prefix(1);
    return c;
  }

  std::string_view rest_;
};

bool is_assignment(std::string_view word) {
  const auto equals = word.find('=');
  return equals != word.npos && equals > 0 && word.find('/') > equals && word.front() != '-';
}

bool is_wrapper(std::string_view word) {
  constexpr std::array<std::string_view, 4> kWrappers{"exec", "command", "env", "sudo"};
  return std::ranges::find(kWrappers, word) != kWrappers.end();
}

std::string_view file_name(std::string_view path) { return path.substr(path.rfind('/') + 1); }

TransferCommand scp(const std::vector<std::string>& words, std::size_t first) {
  TransferCommand command;
  bool options = true;
  for (std::size_t i = first; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (options && word == "--") {
      options = false;
    } else if (options && word.size() > 1 && word.front() == '-') {
      const auto has = [&](char letter) { return word.find(letter) != word.npos; };
      if (has('t')) command.carrier = Carrier::scp_sink;
      if (has('f')) command.carrier = Carrier::scp_source;
      if (has('d') || has('r')) command.into_folder = true;
    } else {
      options = false;
      command.paths.push_back(word);
    }
  }
  return command;
}

}  // namespace

TransferCommand transfer_command(ChannelKind kind, std::string_view command) {
  if (kind == ChannelKind::subsystem) return {command == "sftp" ? Carrier::sftp : Carrier::opaque, {}, false};
  if (kind == ChannelKind::shell) return {};
  const auto words = Words{command}.all();
  std::size_t at = 0;
  while (at < words.size() && (is_assignment(words[at]) || is_wrapper(words[at]))) ++at;
  if (at == words.size()) return {};
  const auto program = file_name(words[at]);
  if (program == "scp") return scp(words, at + 1);
  if (program == "sftp-server") return {Carrier::sftp, {}, false};
  const bool serves = std::ranges::find(words, "--server") != words.end();
  if (program == "rsync" && serves) return {Carrier::rsync, {}, false};
  return {};
}

}  // namespace sallyport
