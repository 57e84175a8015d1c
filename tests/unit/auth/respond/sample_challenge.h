// A challenge as a gate makes it. Runs in: unit tests.
#pragma once

#include "auth/challenge_text.h"

namespace sallyport {

inline const std::string kSampleHostKey = "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU";

inline ChallengeText sample_challenge() {
  ChallengeText said;
  said.gateway = "gate.example.com";
  said.host_key = kSampleHostKey;
  said.grant = "g-7k3m9q2x";
  said.rep = "kim";
  said.target = "hmc1";
  said.services = {"ssh", "https"};
  said.time = std::chrono::sys_days{std::chrono::year{2026} / 3 / 1};
  said.expires = said.time + std::chrono::seconds{120};
  said.nonce = "000102030405060708090a0b0c0d0e0f";
  return said;
}

}  // namespace sallyport
