// The words for enumerators, and what a name may be. Pure; runs in: every program but the workers.
#include <algorithm>

#include "policies/catalogue.h"

namespace sallyport {

const char* to_text(Transport transport) noexcept { return transport == Transport::tcp ? "tcp" : "udp"; }

const char* to_text(Carriage carriage) noexcept {
  switch (carriage) {
    case Carriage::ssh:
      return "ssh";
    case Carriage::https:
      return "https";
    case Carriage::forward:
      return "forward";
    case Carriage::through_ssh:
      return "through-ssh";
  }
  return "?";
}

const char* to_text(Exposure exposure) noexcept { return exposure == Exposure::wide ? "wide" : "isolated"; }

const char* to_text(Reach reach) noexcept { return reach == Reach::hmc ? "hmc" : "managed-system"; }

const char* to_text(TargetKind kind) noexcept { return kind == TargetKind::power ? "power" : "ds8000"; }

const char* to_text(ResponseMethod method) noexcept {
  switch (method) {
    case ResponseMethod::ocra:
      return "ocra";
    case ResponseMethod::ssh_signature:
      return "ssh-signature";
    case ResponseMethod::webauthn:
      return "webauthn";
  }
  return "?";
}

const char* to_text(TargetLogin login) noexcept {
  switch (login) {
    case TargetLogin::key:
      return "key";
    case TargetLogin::password:
      return "password";
    case TargetLogin::prompt:
      return "prompt";
  }
  return "?";
}

bool is_name(std::string_view text) noexcept {
  const auto plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  return !text.empty() && text.size() <= 32 && plain(text.front()) &&
         std::all_of(text.begin(), text.end(),
                     [&](char c) { return plain(c) || c == '.' || c == '_' || c == '-'; });
}

}  // namespace sallyport
