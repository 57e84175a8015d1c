// Runs in: sallyportd, sallyport.
#include "policies/ssh_algorithms.h"

#include <algorithm>
#include <array>
#include <iterator>

#include "policies/target.h"

namespace sallyport {

namespace {

void append(std::vector<std::string>& list, std::initializer_list<const char*> more) {
  list.insert(list.end(), more.begin(), more.end());
}

constexpr std::array kLists{&SshAlgorithms::key_exchanges, &SshAlgorithms::ciphers, &SshAlgorithms::macs,
                            &SshAlgorithms::host_keys};

// Those of `wanted` that are in `allowed`, in their order.
std::vector<std::string> common(const std::vector<std::string>& wanted,
                                const std::vector<std::string>& allowed) {
  std::vector<std::string> both;
  std::copy_if(wanted.begin(), wanted.end(), std::back_inserter(both), [&](const std::string& name) {
    return std::find(allowed.begin(), allowed.end(), name) != allowed.end();
  });
  return both;
}

}  // namespace

SshAlgorithms algorithms_for_reps(SshProfile profile) {
  if (profile == SshProfile::nist_800_131a)
    return {
        {"mlkem1024nistp384-sha384", "mlkem768nistp256-sha256", "ecdh-sha2-nistp384", "ecdh-sha2-nistp521",
         "ecdh-sha2-nistp256", "diffie-hellman-group18-sha512", "diffie-hellman-group16-sha512"},
        {"aes256-gcm@openssh.com", "aes128-gcm@openssh.com", "aes256-ctr", "aes128-ctr"},
        {"hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com"},
        {"ecdsa-sha2-nistp384", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp521", "rsa-sha2-512",
         "rsa-sha2-256"}};
  return {{"mlkem768x25519-sha256", "sntrup761x25519-sha512", "sntrup761x25519-sha512@openssh.com",
           "curve25519-sha256", "curve25519-sha256@libssh.org"},
          {"aes256-gcm@openssh.com", "chacha20-poly1305@openssh.com", "aes128-gcm@openssh.com", "aes256-ctr"},
          {"hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com"},
          {"ssh-ed25519", "rsa-sha2-512", "rsa-sha2-256"}};
}

SshAlgorithms algorithms_for_targets(SshProfile profile) {
  auto all = algorithms_for_reps(profile);
  append(all.macs, {"hmac-sha2-256", "hmac-sha2-512"});
  if (profile == SshProfile::nist_800_131a) {
    append(all.key_exchanges, {"diffie-hellman-group14-sha256"});
    append(all.ciphers, {"aes192-ctr"});
    return all;
  }
  append(all.key_exchanges,
         {"ecdh-sha2-nistp256", "ecdh-sha2-nistp384", "ecdh-sha2-nistp521", "diffie-hellman-group18-sha512",
          "diffie-hellman-group16-sha512", "diffie-hellman-group14-sha256"});
  append(all.ciphers, {"aes192-ctr", "aes128-ctr"});
  append(all.host_keys, {"ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521"});
  return all;
}

SshAlgorithms known_to_targets() {
  auto known = algorithms_for_targets(SshProfile::modern);
  const auto nist = algorithms_for_targets(SshProfile::nist_800_131a);
  for (const auto list : kLists)
    for (const auto& name : nist.*list)
      if (std::find((known.*list).begin(), (known.*list).end(), name) == (known.*list).end())
        (known.*list).push_back(name);
  return known;
}

SshAlgorithms with_legacy(SshAlgorithms algorithms) {
  append(algorithms.key_exchanges, {"diffie-hellman-group-exchange-sha256", "diffie-hellman-group14-sha1",
                                    "diffie-hellman-group-exchange-sha1", "diffie-hellman-group1-sha1"});
  append(algorithms.ciphers, {"aes256-cbc", "aes192-cbc", "aes128-cbc", "3des-cbc"});
  append(algorithms.macs, {"hmac-sha1-etm@openssh.com", "hmac-sha1"});
  append(algorithms.host_keys, {"ssh-rsa"});
  return algorithms;
}

SshAlgorithms offered_to(const Target& target, SshProfile profile) {
  auto offered = algorithms_for_targets(profile);
  if (target.legacy) offered = with_legacy(std::move(offered));
  for (const auto list : kLists)
    if (const auto& wanted = target.algorithms.*list; !wanted.empty())
      offered.*list = common(wanted, offered.*list);
  return offered;
}

}  // namespace sallyport
