// The formats of the files under /etc/sallyport: reading with all problems, and writing what the monitor
// adds. Runs in: sallyportd, sallyport; the settings: sallyport-send.
#pragma once

#include <functional>
#include <string>

#include "policies/catalogue.h"
#include "policies/table_reader.h"

namespace sallyport {

// Each reads one whole file; problems go to the reader's list, and what is returned after one is not to be
// used.
Settings read_settings(TableReader file);
std::vector<Destination> read_destinations(TableReader& file);  // its [[send]]
// `gate_ssh_port`: where the gate itself listens, so no policy can forward it.
Policy read_policy(TableReader file, const std::string& name, Port gate_ssh_port);
Rep read_rep(TableReader file, const std::string& name, const std::filesystem::path& folder);

// Whether a secret file is there, root's own, and not empty. Comes in from outside for tests and fuzzing.
using CheckSecret = std::function<Done(const std::filesystem::path&)>;
Target read_target(TableReader file, const std::string& name, const std::filesystem::path& folder,
                   const CheckSecret& check_secret);

// What the readers above make the same value of.
std::string to_toml(const Rep& rep);
std::string to_toml(const Target& target);

// An account or user name: printable ASCII without space, slash or colon, not starting with a dash.
bool is_account(std::string_view text) noexcept;
// "gate.example.com"; also what looks like an IPv4 address.
bool is_host_name(std::string_view text) noexcept;
// An address that a host can have: not unspecified, not multicast, not broadcast.
bool is_host_address(const Address& address) noexcept;

}  // namespace sallyport
