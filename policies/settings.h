// Settings: sallyport.toml, the gate's own configuration. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/endpoint.h"
#include "base/tls_profile.h"
#include "policies/destination.h"
#include "policies/service.h"
#include "policies/ssh_algorithms.h"

namespace sallyport {

struct LoginLimits {
  std::uint32_t tries = 3;                       // complete tries a connection
  std::chrono::seconds time{120};                // to log in
  std::chrono::seconds response_lifetime{120};   // how long a challenge can be answered
  std::uint32_t unauthenticated = 16;            // connections before login, in all
  std::uint32_t unauthenticated_per_source = 4;  // and from one source (an IPv4 address, an IPv6 /64)
  std::uint32_t connections_a_second = 20;       // from one source
  std::chrono::seconds helper_deadline{30};      // a PAM module that hangs longer costs that login
};

struct JournalSettings {
  std::uint32_t segment_mib = 64,
                segment_records = 20'000;  // a new segment begins when the last holds so much
  std::uint32_t keep_days = 0;          // after which `sallyport audit keep` has a segment deleted; 0: never
  std::filesystem::path copy_heads_to;  // a folder that gets every signed head; empty: none

  // A segment goes as a whole, when its last record is old: where they are to go, none lasts longer than a
  // tenth of that time, from a day to 30. 0: as long as it takes to fill it.
  std::chrono::hours segment_age() const;
};

struct RecordingSettings {
  bool admins_may_read = false;   // auditors and root always may
  std::uint32_t keep_days = 400;  // after which `sallyport audit keep` has one deleted; 0: never
};

// The HTTPS door: a portal and a proxy for browsers and REST clients.
struct HttpsDoor {
  Port port{443};
  TlsProfile profile = TlsProfile::modern;
  // PEM, the key root's alone; both empty: one that the gate signs itself.
  std::filesystem::path certificate, key;
  // How browsers call the gate, "https://gate.example.com": what a WebAuthn answer is held to, never what a
  // request says. The relying party is its host (W3C Web Authentication Level 2, section 4, "RP ID").
  std::string origin, relying_party;
};

// Where sallyport-metrics answers: on a unix socket or at a loopback address, and nowhere else.
struct MetricsSettings {
  std::filesystem::path socket = "/run/sallyport-metrics/metrics.sock";  // empty: at `loopback`
  Endpoint loopback;
};

struct Settings {
  std::string gate_name;           // how reps know the gate: a host name
  std::vector<Address> addresses;  // service addresses: where it listens while a grant is live
  Port ssh_port{22};
  std::optional<HttpsDoor> https;          // without [https] there is no such door
  std::vector<Network> isolated_networks;  // private networks, from which "isolated" services may be used
  std::string banner;                      // shown before login; may be empty
  LoginLimits login;
  JournalSettings journal;
  RecordingSettings recordings;
  std::vector<Destination> destinations;   // where the journal is sent on to (sallyport-send)
  std::optional<MetricsSettings> metrics;  // without [metrics] there are none
  SshProfile ssh_profile = SshProfile::modern;
  bool transit = false;                 // whether the host may route what is no session's
  std::uint32_t mark_bit = 0x40000000;  // one bit of the packet mark, ours alone
  std::string worker_user = "sallyport-ssh";
  std::string pam_service = "sallyport";
};

}  // namespace sallyport
