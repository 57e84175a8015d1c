// The HTTPS door's key and certificate: the site's own files, or a pair that the gate makes and signs itself.
// Links libcrypto, no TLS: the handshake is the worker's. Runs in: sallyportd (privileged).
#pragma once

#include <filesystem>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "base/secret.h"
#include "policies/settings.h"

namespace sallyport {

struct DoorCertificate {
  Secret key;                // PEM
  std::string certificates;  // the door's own, and the chain behind it (PEM)
  std::string fingerprint;   // "SHA256 AB:CD:…", of the certificate, as browsers show it
  bool is_new = false;       // made just now

  // Of the files that the settings name, else of `folder`/key.pem and certificate.pem, which are made where
  // they are missing, are for another name or addresses, or end within a month; the key stays. Error: a file
  // that is not root's alone, is no such PEM, or a key of another certificate.
  static Result<DoorCertificate> load(const Settings& settings, const std::filesystem::path& folder,
                                      WallTime now);
  // What is new is the caller's to journal, and then to store: else nobody would ever hear of it (I5).
  Done store(const std::filesystem::path& folder) const;
};

}  // namespace sallyport
