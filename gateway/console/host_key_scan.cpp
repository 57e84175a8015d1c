// Runs in: sallyport.
#include "gateway/console/host_key_scan.h"

#include <fmt/ranges.h>

#include "base/escape.h"
#include "gateway/ssh/handles.h"
#include "policies/ssh_algorithms.h"

namespace sallyport {

namespace {

constexpr long kScanSeconds = 10;

// An old HMC is scanned too: nothing secret passes, and a person compares the key. libssh leaves out the
// names that it does not know.
bool offer_everything(ssh_session session) {
  const auto all = with_legacy(known_to_targets());
  const auto set = [session](ssh_options_e option, const std::vector<std::string>& names) {
    return ssh_options_set(session, option, fmt::format("{}", fmt::join(names, ",")).c_str()) == SSH_OK;
  };
  return set(SSH_OPTIONS_KEY_EXCHANGE, all.key_exchanges) && set(SSH_OPTIONS_CIPHERS_C_S, all.ciphers) &&
         set(SSH_OPTIONS_CIPHERS_S_C, all.ciphers) && set(SSH_OPTIONS_HMAC_C_S, all.macs) &&
         set(SSH_OPTIONS_HMAC_S_C, all.macs);
}

Done set_options(ssh_session session, const HostKeyType& type) {
  const bool process_config = false;
  // The address is for messages only; the socket is connected already.
  const bool set = ssh_options_set(session, SSH_OPTIONS_HOST, "target") == SSH_OK &&
                   ssh_options_set(session, SSH_OPTIONS_PROCESS_CONFIG, &process_config) == SSH_OK &&
                   ssh_options_set(session, SSH_OPTIONS_KNOWNHOSTS, "/dev/null") == SSH_OK &&
                   ssh_options_set(session, SSH_OPTIONS_GLOBAL_KNOWNHOSTS, "/dev/null") == SSH_OK &&
                   ssh_options_set(session, SSH_OPTIONS_TIMEOUT, &kScanSeconds) == SSH_OK &&
                   ssh_options_set(session, SSH_OPTIONS_HOSTKEYS, type.algorithms) == SSH_OK &&
                   offer_everything(session);
  if (!set) return fail("preparing the key exchange: {}", escape_terminal(ssh_get_error(session)));
  return {};
}

Result<HostKey> key_of(ssh_session session) {
  ssh_key raw = nullptr;
  if (ssh_get_server_publickey(session, &raw) != SSH_OK) return fail("the target has shown no host key");
  const SshKey key{raw};
  char* text = nullptr;
  if (ssh_pki_export_pubkey_base64(key.get(), &text) != SSH_OK)
    return fail("the target's host key cannot be written down");
  const SshText base64{text};
  return HostKey::parse(fmt::format("{} {}", ssh_key_type_to_char(ssh_key_type(key.get())), base64.get()));
}

}  // namespace

Result<HostKey> read_host_key(UniqueFd socket, const HostKeyType& type) {
  const SshSession session{ssh_new()};
  if (!session) return fail("starting libssh");
  RETURN_IF_ERROR(set_options(session.get(), type));
  const socket_t fd = socket.get();
  if (ssh_options_set(session.get(), SSH_OPTIONS_FD, &fd) != SSH_OK)
    return fail("giving the socket to libssh");
  (void)socket.release();  // ssh_free() closes it
  if (ssh_connect(session.get()) != SSH_OK)
    return fail("{} key exchange: {}", type.label, escape_terminal(ssh_get_error(session.get())));
  auto key = key_of(session.get());
  ssh_disconnect(session.get());
  return key;
}

Result<std::vector<HostKey>> read_host_keys(const std::function<Result<UniqueFd>()>& dial) {
  std::vector<HostKey> keys;
  Result<HostKey> last = fail("nothing was tried");
  for (const auto& type : kHostKeyTypes) {
    ASSIGN_OR_RETURN(auto socket, dial());
    last = read_host_key(std::move(socket), type);
    if (last) keys.push_back(*last);
  }
  if (keys.empty()) return tl::unexpected{last.error()};
  return keys;
}

}  // namespace sallyport
