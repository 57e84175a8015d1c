// targets/NAME.toml, reading and writing. Runs in: sallyportd, sallyport.
#include <algorithm>

#include "policies/file_formats.h"
#include "policies/host_key.h"

namespace sallyport {

namespace {

constexpr std::size_t kMostAddresses = 8;
constexpr std::size_t kMostHostKeys = 16;

std::filesystem::path usual_secret_file(const std::filesystem::path& folder, const std::string& name) {
  return folder / "secrets" / "targets" / name;
}

void read_addresses(TableReader& file, Target& target) {
  for (const auto& [line, address] : file.values("addresses", kMostAddresses, Address::parse)) {
    if (!is_host_address(address))
      file.problem(line, fmt::format("{} is not an address of one host", address.text()));
    else if (std::find(target.addresses.begin(), target.addresses.end(), address) != target.addresses.end())
      file.problem(line, fmt::format("address {} is there twice", address.text()));
    else
      target.addresses.push_back(address);
  }
  if (!file.has("addresses"))
    file.missing("addresses", "the target's IP addresses, e.g. [\"198.51.100.10\"]");
  else if (target.addresses.empty())
    file.problem(file.line_of("addresses"), "'addresses' names no usable address (expected at least one)");
}

void read_ssh(TableReader ssh, Target& target, std::string_view name) {
  target.ssh_port = Port{static_cast<std::uint16_t>(ssh.number("port", 22, 1, 65535))};
  for (const auto& [line, key] : ssh.values("host_keys", kMostHostKeys, HostKey::parse))
    target.host_keys.push_back(key.line());
  const auto expected = fmt::format("at least one public key line; run: sallyport target scan {}", name);
  if (!ssh.has("host_keys"))
    ssh.missing("host_keys", expected);
  else if (target.host_keys.empty())
    ssh.problem(ssh.line_of("host_keys"),
                fmt::format("'host_keys' in [ssh] pins no usable key (expected {})", expected));
  ssh.finish();
}

void read_login(TableReader login, Target& target, const std::filesystem::path& folder,
                const CheckSecret& check_secret) {
  target.login = login.choice(
      "method", TargetLogin::prompt,
      {{"prompt", TargetLogin::prompt}, {"key", TargetLogin::key}, {"password", TargetLogin::password}});
  if (!login.has("method")) login.missing("method", "\"prompt\", \"key\" or \"password\"");
  const auto secret = login.text("secret_file", "", 4096);
  login.finish();
  if (target.login == TargetLogin::prompt) {
    if (login.has("secret_file"))
      login.problem(login.line_of("secret_file"),
                    "'secret_file' in [login] has no use with method \"prompt\" (expected \"key\" or "
                    "\"password\", or no file)");
    return;
  }
  target.secret_file =
      login.has("secret_file") ? std::filesystem::path{secret} : usual_secret_file(folder, target.name);
  if (!target.secret_file.is_absolute())
    login.problem(login.line_of("secret_file"),
                  fmt::format("'secret_file' in [login] is \"{}\" (expected an absolute path)", secret));
  else if (const auto checked = check_secret(target.secret_file); !checked)
    login.problem(login.line_of(login.has("secret_file") ? "secret_file" : "method"),
                  fmt::format("the target's {}: {}", to_text(target.login), checked.error().message()));
}

}  // namespace

Target read_target(TableReader file, const std::string& name, const std::filesystem::path& folder,
                   const CheckSecret& check_secret) {
  Target target;
  target.name = name;
  target.description = file.text("description", "", 256);
  read_addresses(file, target);
  target.user = file.required_text("user", "whom to log in as there, e.g. \"hscroot\"", 64);
  if (!target.user.empty() && !is_account(target.user))
    file.problem(file.line_of("user"), fmt::format("'user' is \"{}\" (expected a user name)", target.user));
  if (!file.has("ssh")) file.missing("ssh", "a table [ssh] with host_keys");
  auto ssh = file.table("ssh");
  if (file.has("ssh")) read_ssh(ssh, target, name);
  if (!file.has("login"))
    file.missing("login", "a table [login] with method = \"prompt\", \"key\" or \"password\"");
  auto login = file.table("login");
  if (file.has("login")) read_login(login, target, folder, check_secret);
  file.finish();
  return target;
}

std::string to_toml(const Target& target) {
  std::string text = "# An HMC; written by sallyport target add.\n";
  const auto line = [&](const char* key, const std::string& value) {
    text += fmt::format("{} = {}\n", key, to_toml_string(value));
  };
  if (!target.description.empty()) line("description", target.description);
  text += "addresses = [";
  for (const auto& address : target.addresses)
    text += fmt::format("{}{}", &address == &target.addresses.front() ? "" : ", ",
                        to_toml_string(address.text()));
  text += "]\n";
  line("user", target.user);
  text += fmt::format("\n[ssh]\nport = {}\nhost_keys = [\n", target.ssh_port.value());
  for (const auto& key : target.host_keys) text += fmt::format("  {},\n", to_toml_string(key));
  text += "]\n\n[login]\n";
  line("method", to_text(target.login));
  if (!target.secret_file.empty()) line("secret_file", target.secret_file.string());
  return text;
}

}  // namespace sallyport
