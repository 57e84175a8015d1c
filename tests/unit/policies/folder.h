// ConfigFolder: a private /etc/sallyport for a test, with one good file of each kind. Needs root, as the
// product does: files of others are refused.
#pragma once

#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "policies/catalogue.h"

namespace sallyport {

inline const std::string kKeyLine =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBERERERERERERERERERERERERERERERERERERERERER";

class ConfigFolder {
 public:
  ConfigFolder() {
    char name[] = "/tmp/sallyport-policies-XXXXXX";
    path_ = mkdtemp(name);
    for (const auto* folder : {"policies", "targets", "reps", "secrets", "secrets/reps", "secrets/rep-keys",
                               "secrets/rep-webauthn", "secrets/targets"})
      std::filesystem::create_directory(path_ / folder);
    put("sallyport.toml", "[gate]\nname = \"gate.example\"\naddresses = [\"192.0.2.1\", \"2001:db8::1\"]\n");
    put("policies/hmc-ssh.toml", "[[service]]\nname = \"ssh\"\ncarriage = \"ssh\"\nexposure = \"wide\"\n");
    put("targets/hmc1.toml", "addresses = [\"198.51.100.10\"]\nuser = \"hscroot\"\n[ssh]\nhost_keys = [\"" +
                                 kKeyLine + "\"]\n[login]\nmethod = \"prompt\"\n");
    put("reps/kim.toml", "full_name = \"Kim Example\"\n");
  }
  ConfigFolder(const ConfigFolder&) = delete;
  ConfigFolder& operator=(const ConfigFolder&) = delete;
  ~ConfigFolder() { std::filesystem::remove_all(path_); }

  void put(const std::string& name, const std::string& text, mode_t mode = 0644) const {
    std::ofstream{path_ / name} << text;
    chmod((path_ / name).c_str(), mode);
  }
  const std::filesystem::path& path() const { return path_; }

  // Every problem's message, without the folder's own path, one a line.
  std::string problems() const {
    const auto loaded = load_catalogue(path_);
    std::string all;
    if (loaded) return all;
    for (const auto& problem : loaded.error()) all += problem.message() + "\n";
    const auto prefix = path_.string() + "/";
    for (auto at = all.find(prefix); at != std::string::npos; at = all.find(prefix))
      all.erase(at, prefix.size());
    return all;
  }

 private:
  std::filesystem::path path_;
};

}  // namespace sallyport
