// Runs in: sallyport-ssh.
#include "gateway/ssh/algorithms.h"

#include <algorithm>

namespace sallyport {

namespace {

bool is_of(const std::string& algorithm, ssh_keytypes_e type) {
  return ssh_key_type_from_name(algorithm.c_str()) == type ||
         (type == SSH_KEYTYPE_RSA && algorithm.starts_with("rsa-sha2-"));
}

// Sets the list with `set`, which returns less than 0 for a list of which the library knows nothing.
Done set_list(std::string_view what, const std::vector<std::string>& preferred,
              const std::function<int(const char*)>& set) {
  const auto list = keep_known(preferred, [&](const std::string& one) { return set(one.c_str()) >= 0; });
  if (list.empty() || set(list.c_str()) < 0) return fail("libssh offers none of our {}", what);
  return {};
}

std::string text(const char* from_libssh) { return from_libssh == nullptr ? "" : from_libssh; }

std::string both(const char* out, const char* in) {
  return text(out) == text(in) ? text(out) : text(out) + " / " + text(in);
}

}  // namespace

std::string keep_known(const std::vector<std::string>& preferred,
                       const std::function<bool(const std::string&)>& known) {
  std::string list;
  for (const auto& name : preferred) {
    if (!known(name)) continue;
    if (!list.empty()) list += ',';
    list += name;
  }
  return list;
}

Done set_rep_algorithms(ssh_bind bind, const SshAlgorithms& algorithms) {
  const auto setter = [bind](ssh_bind_options_e option) {
    return [bind, option](const char* list) { return ssh_bind_options_set(bind, option, list); };
  };
  RETURN_IF_ERROR(set_list("key exchanges", algorithms.key_exchanges, setter(SSH_BIND_OPTIONS_KEY_EXCHANGE)));
  RETURN_IF_ERROR(set_list("ciphers", algorithms.ciphers, setter(SSH_BIND_OPTIONS_CIPHERS_C_S)));
  RETURN_IF_ERROR(set_list("ciphers", algorithms.ciphers, setter(SSH_BIND_OPTIONS_CIPHERS_S_C)));
  RETURN_IF_ERROR(set_list("MACs", algorithms.macs, setter(SSH_BIND_OPTIONS_HMAC_C_S)));
  RETURN_IF_ERROR(set_list("MACs", algorithms.macs, setter(SSH_BIND_OPTIONS_HMAC_S_C)));
  return set_list("host key algorithms", algorithms.host_keys, setter(SSH_BIND_OPTIONS_HOSTKEY_ALGORITHMS));
}

Done set_target_algorithms(ssh_session session, SshAlgorithms algorithms,
                           const std::vector<ssh_keytypes_e>& pinned) {
  const auto setter = [session](ssh_options_e option) {
    return [session, option](const char* list) { return ssh_options_set(session, option, list); };
  };
  auto& host_keys = algorithms.host_keys;
  std::stable_partition(host_keys.begin(), host_keys.end(), [&](const std::string& algorithm) {
    return std::ranges::any_of(pinned, [&](auto type) { return is_of(algorithm, type); });
  });
  RETURN_IF_ERROR(set_list("key exchanges", algorithms.key_exchanges, setter(SSH_OPTIONS_KEY_EXCHANGE)));
  RETURN_IF_ERROR(set_list("ciphers", algorithms.ciphers, setter(SSH_OPTIONS_CIPHERS_C_S)));
  RETURN_IF_ERROR(set_list("ciphers", algorithms.ciphers, setter(SSH_OPTIONS_CIPHERS_S_C)));
  RETURN_IF_ERROR(set_list("MACs", algorithms.macs, setter(SSH_OPTIONS_HMAC_C_S)));
  RETURN_IF_ERROR(set_list("MACs", algorithms.macs, setter(SSH_OPTIONS_HMAC_S_C)));
  RETURN_IF_ERROR(set_list("signature algorithms", host_keys, setter(SSH_OPTIONS_PUBLICKEY_ACCEPTED_TYPES)));
  return set_list("host key algorithms", host_keys, setter(SSH_OPTIONS_HOSTKEYS));
}

Negotiated negotiated(ssh_session session) {
  return {text(ssh_get_kex_algo(session)), both(ssh_get_cipher_out(session), ssh_get_cipher_in(session)),
          both(ssh_get_hmac_out(session), ssh_get_hmac_in(session))};
}

}  // namespace sallyport
