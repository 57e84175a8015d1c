// KeyRing: a folder with keys, and the ssh-keygen of this machine run on them.
#pragma once

#include <stdlib.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "base/check.h"

namespace sallyport {

struct Ran {
  int status = -1;
  std::string output;  // both streams
};

class KeyRing {
 public:
  KeyRing() {
    std::string name = "/tmp/sallyport-keys-XXXXXX";
    our_bug(mkdtemp(name.data()) == nullptr, "temporary folder");
    folder_ = name;
  }
  KeyRing(const KeyRing&) = delete;
  KeyRing& operator=(const KeyRing&) = delete;
  ~KeyRing() { std::filesystem::remove_all(folder_); }

  // In the folder, by the shell.
  Ran run(const std::string& command) const {
    Ran ran;
    FILE* const pipe = popen(("cd " + folder_ + " && { " + command + "; } 2>&1").c_str(), "r");
    our_bug(pipe == nullptr, "popen");
    std::array<char, 4096> buffer{};
    for (std::size_t got; (got = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0;)
      ran.output.append(buffer.data(), got);
    const int status = pclose(pipe);
    ran.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return ran;
  }
  std::string must(const std::string& command) const {
    auto ran = run(command);
    if (ran.status != 0) std::fprintf(stderr, "%s: %s\n", command.c_str(), ran.output.c_str());
    our_bug(ran.status != 0, "a command of the test failed");
    return std::move(ran.output);
  }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream{folder_ + "/" + name, std::ios::binary} << text;
  }
  std::string read(const std::string& name) const {
    std::ostringstream text;
    text << std::ifstream{folder_ + "/" + name, std::ios::binary}.rdbuf();
    return text.str();
  }
  // ssh-keygen -Y sign of `message` with the key in file `key`.
  std::string sign(const std::string& key, const std::string& message, const std::string& options = "",
                   const std::string& name = "sallyport") const {
    write("message", message);
    must("rm -f message.sig; ssh-keygen -q -Y sign -n " + name + " -f " + key + " " + options + " message");
    return read("message.sig");
  }
  // Whether ssh-keygen -Y verify takes it for a signature of kim's, whose line of allowed_signers is `line`.
  bool verifies(const std::string& line, const std::string& message,
                const std::string& armoured_signature) const {
    write("allowed", "kim " + line + "\n");
    write("message", message);
    write("sig", armoured_signature);
    return run("ssh-keygen -q -Y verify -n sallyport -f allowed -I kim -s sig < message").status == 0;
  }

 private:
  std::string folder_;
};

}  // namespace sallyport
