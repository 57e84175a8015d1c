// ServiceLine: the command line of a program that systemd starts: its folders, --version and --help. Runs in:
// sallyportd, sallyport-send, sallyport-metrics.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace sallyport {

struct FolderOption {
  std::string name;               // "--state"
  std::filesystem::path& folder;  // holds what it is by default, and then what was said
  std::string what;
};

struct ServiceLine {
  std::string program;
  std::string about;
  std::vector<FolderOption> folders;
  std::string example;  // and what there is to say below the options
};

// Reads it into the folders. Nothing: go on. Otherwise the exit code of --help, --version or wrong usage, of
// which everything is said.
std::optional<int> read_service_line(const ServiceLine& line, int argc, char** argv);

}  // namespace sallyport
