// The files of a gate's site, written from the model's tables; and chance, which a seed repeats. Runs in:
// tests.
#pragma once

#include <random>

#include "base/random.h"
#include "tests/netns/gate_model.h"
#include "tests/unit/policies/folder.h"

namespace sallyport {

inline std::string quoted(const std::vector<std::string>& texts) {
  std::string list;
  for (const auto& text : texts) list += (list.empty() ? "\"" : ", \"") + text + "\"";
  return "[" + list + "]";
}

inline std::string file_of(const ModelPolicy& policy) {
  std::string text = fmt::format(
      "[limits]\nconnect_within = \"24h\"\nsession = \"24h\"\nidle = \"24h\"\nfailed_logins = {}\n"
      "failed_dial_spends = {}\n",
      kFailedLogins, policy.failed_dial_spends);
  for (const auto& service : policy.services) {
    text += fmt::format(
        "[[service]]\nname = \"{}\"\nport = {}\ncarriage = \"{}\"\ntransport = {}\nexposure = \"{}\"\n",
        service.name, service.port, service.carriage, quoted(service.transports),
        service.port == 22 || service.port == 443 ? "wide" : "isolated");
    if (service.managed) text += "reach = \"managed-system\"\n";
    if (service.masked) text += "translate_source = true\n";
  }
  return text;
}

inline std::string file_of(const ModelTarget& target) {
  return fmt::format(
      "addresses = {}\nuser = \"hscroot\"\n[ssh]\nport = {}\nhost_keys = [\"{}\"]\n[login]\nmethod = "
      "\"prompt\"\n"
      "[[managed_system]]\nname = \"{}\"\naddresses = {}\n",
      quoted(target.addresses), target.ssh_port, kKeyLine, target.system, quoted(target.system_addresses));
}

inline void write_site(const ConfigFolder& config) {
  for (const auto* file : {"policies/hmc-ssh.toml", "targets/hmc1.toml"})
    std::filesystem::remove(config.path() / file);
  config.put("sallyport.toml",
             "[gate]\nname = \"gate.example\"\naddresses = [\"192.0.2.1\", \"2001:db8::1\"]\n"
             "isolated_networks = [\"10.20.0.0/16\", \"fd00:20::/32\"]\n");
  for (const auto& policy : kPolicies)
    config.put(fmt::format("policies/{}.toml", policy.name), file_of(policy));
  for (const auto& target : kTargets)
    config.put(fmt::format("targets/{}.toml", target.name), file_of(target));
  for (const auto* rep : {"kim", "lee"}) {
    config.put(fmt::format("reps/{}.toml", rep), "full_name = \"Rep\"\n");
    config.put(fmt::format("secrets/reps/{}", rep), "secret\n", 0600);
  }
}

// One seed decides everything.
class Chance final : public Random {
 public:
  explicit Chance(unsigned seed) : engine_(seed) {}
  int below(int n) { return static_cast<int>(engine_() % static_cast<unsigned>(n)); }
  bool one_in(int n) { return below(n) == 0; }
  template <class List>
  const auto& of(const List& list) {
    return list[static_cast<std::size_t>(below(static_cast<int>(std::size(list))))];
  }
  void fill(std::span<std::byte> bytes) override {
    for (auto& byte : bytes) byte = static_cast<std::byte>(engine_() & 0xff);
  }

 private:
  std::mt19937_64 engine_;
};

}  // namespace sallyport
