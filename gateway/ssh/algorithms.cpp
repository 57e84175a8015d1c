// Runs in: sallyport-ssh.
#include "gateway/ssh/algorithms.h"

#include <algorithm>

namespace sallyport {

std::vector<std::string_view> rep_algorithms(AlgorithmKind kind) {
  switch (kind) {
    case AlgorithmKind::key_exchange:
      return {"mlkem768x25519-sha256", "sntrup761x25519-sha512", "sntrup761x25519-sha512@openssh.com",
              "curve25519-sha256", "curve25519-sha256@libssh.org"};
    case AlgorithmKind::cipher:
      return {"aes256-gcm@openssh.com", "chacha20-poly1305@openssh.com", "aes128-gcm@openssh.com",
              "aes256-ctr"};
    case AlgorithmKind::mac:
      return {"hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com"};
    case AlgorithmKind::host_key:
      return {"ssh-ed25519", "rsa-sha2-512", "rsa-sha2-256"};
  }
  return {};
}

namespace {

std::vector<std::string_view> also_for_targets(AlgorithmKind kind) {
  switch (kind) {
    case AlgorithmKind::key_exchange:
      return {"ecdh-sha2-nistp256",
              "ecdh-sha2-nistp384",
              "ecdh-sha2-nistp521",
              "diffie-hellman-group18-sha512",
              "diffie-hellman-group16-sha512",
              "diffie-hellman-group14-sha256"};
    case AlgorithmKind::cipher:
      return {"aes192-ctr", "aes128-ctr"};
    case AlgorithmKind::mac:
      return {"hmac-sha2-256", "hmac-sha2-512"};
    case AlgorithmKind::host_key:
      return {"ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521"};
  }
  return {};
}

bool is_of(std::string_view algorithm, ssh_keytypes_e type) {
  return ssh_key_type_from_name(std::string{algorithm}.c_str()) == type ||
         (type == SSH_KEYTYPE_RSA && algorithm.starts_with("rsa-sha2-"));
}

// Sets the list with `set`, which returns less than 0 for a list of which the library knows nothing.
Done set_list(std::string_view what, const std::vector<std::string_view>& preferred,
              const std::function<int(const char*)>& set) {
  const auto list = keep_known(preferred, [&](const std::string& one) { return set(one.c_str()) >= 0; });
  if (list.empty() || set(list.c_str()) < 0) return fail("libssh offers none of our {}", what);
  return {};
}

}  // namespace

std::vector<std::string_view> target_algorithms(AlgorithmKind kind) {
  auto algorithms = rep_algorithms(kind);
  for (const auto more : also_for_targets(kind)) algorithms.push_back(more);
  return algorithms;
}

std::string keep_known(const std::vector<std::string_view>& preferred,
                       const std::function<bool(const std::string&)>& known) {
  std::string list;
  for (const auto algorithm : preferred) {
    const std::string name{algorithm};
    if (!known(name)) continue;
    if (!list.empty()) list += ',';
    list += name;
  }
  return list;
}

Done set_rep_algorithms(ssh_bind bind) {
  const auto setter = [bind](ssh_bind_options_e option) {
    return [bind, option](const char* list) { return ssh_bind_options_set(bind, option, list); };
  };
  const auto ciphers = rep_algorithms(AlgorithmKind::cipher), macs = rep_algorithms(AlgorithmKind::mac);
  RETURN_IF_ERROR(set_list("key exchanges", rep_algorithms(AlgorithmKind::key_exchange),
                           setter(SSH_BIND_OPTIONS_KEY_EXCHANGE)));
  RETURN_IF_ERROR(set_list("ciphers", ciphers, setter(SSH_BIND_OPTIONS_CIPHERS_C_S)));
  RETURN_IF_ERROR(set_list("ciphers", ciphers, setter(SSH_BIND_OPTIONS_CIPHERS_S_C)));
  RETURN_IF_ERROR(set_list("MACs", macs, setter(SSH_BIND_OPTIONS_HMAC_C_S)));
  RETURN_IF_ERROR(set_list("MACs", macs, setter(SSH_BIND_OPTIONS_HMAC_S_C)));
  return set_list("host key algorithms", rep_algorithms(AlgorithmKind::host_key),
                  setter(SSH_BIND_OPTIONS_HOSTKEY_ALGORITHMS));
}

Done set_target_algorithms(ssh_session session, const std::vector<ssh_keytypes_e>& pinned) {
  const auto setter = [session](ssh_options_e option) {
    return [session, option](const char* list) { return ssh_options_set(session, option, list); };
  };
  const auto ciphers = target_algorithms(AlgorithmKind::cipher), macs = target_algorithms(AlgorithmKind::mac);
  auto host_keys = target_algorithms(AlgorithmKind::host_key);
  std::stable_partition(host_keys.begin(), host_keys.end(), [&](std::string_view algorithm) {
    return std::ranges::any_of(pinned, [&](auto type) { return is_of(algorithm, type); });
  });
  RETURN_IF_ERROR(set_list("key exchanges", target_algorithms(AlgorithmKind::key_exchange),
                           setter(SSH_OPTIONS_KEY_EXCHANGE)));
  RETURN_IF_ERROR(set_list("ciphers", ciphers, setter(SSH_OPTIONS_CIPHERS_C_S)));
  RETURN_IF_ERROR(set_list("ciphers", ciphers, setter(SSH_OPTIONS_CIPHERS_S_C)));
  RETURN_IF_ERROR(set_list("MACs", macs, setter(SSH_OPTIONS_HMAC_C_S)));
  RETURN_IF_ERROR(set_list("MACs", macs, setter(SSH_OPTIONS_HMAC_S_C)));
  return set_list("host key algorithms", host_keys, setter(SSH_OPTIONS_HOSTKEYS));
}

}  // namespace sallyport
