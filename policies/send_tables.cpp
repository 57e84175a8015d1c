// [[send]] in sallyport.toml. Runs in: sallyportd, sallyport, sallyport-send, sallyport-metrics.
#include <algorithm>

#include "base/endpoint.h"
#include "base/escape.h"
#include "policies/file_formats.h"

namespace sallyport {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t kMostDestinations = 16;
constexpr std::size_t kLongestSocket = 107;  // unix(7)
constexpr const char* kForms =
    "\"tls:siem.example.com:6514\", \"tcp:192.0.2.9:601\", \"unix:/dev/log\" or \"journald\"";

// "siem.example.com:6514", "192.0.2.9:601", "[2001:db8::9]:601"
bool read_host(std::string_view text, Destination& destination) {
  const auto colon = text.rfind(':');
  if (colon == text.npos) return false;
  const auto port = parse_port(text.substr(colon + 1));
  auto host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
    if (const auto address = Address::parse(host); !address || address->family() != Family::ipv6)
      return false;
  } else if (!is_host_name(host)) {
    return false;
  }
  if (!port) return false;
  destination.host = host;
  destination.port = Port{*port};
  return true;
}

bool read_socket(std::string_view path, Destination& destination) {
  destination.socket = path;
  return path.starts_with('/') && path.size() <= kLongestSocket;
}

bool read_to(std::string_view to, Destination& destination) {
  const auto kind = to.substr(0, to.find(':'));
  const auto rest = to.substr(std::min(to.size(), kind.size() + 1));
  destination.by = kind == "tls"    ? SendBy::tls
                   : kind == "tcp"  ? SendBy::tcp
                   : kind == "unix" ? SendBy::unix_socket
                                    : SendBy::journald;
  if (kind == "tls" || kind == "tcp") return read_host(rest, destination);
  if (kind == "unix") return read_socket(rest, destination);
  return kind == "journald" && read_socket(to == kind ? kJournaldSocket : rest, destination);
}

void for_tls_alone(TableReader& table, std::string_view key, SendBy by) {
  if (by != SendBy::tls)
    table.problem(table.line_of(key), fmt::format("'{}' in [[send]] is for \"tls:…\" alone", key));
}

Receipt read_receipt(TableReader& table, SendBy by) {
  if (table.has("receipt")) for_tls_alone(table, "receipt", by);
  return table.choice("receipt", Receipt::tls, {{"tls", Receipt::tls}, {"tcp", Receipt::tcp}});
}

std::filesystem::path read_pem(TableReader& table, std::string_view key, SendBy by) {
  const auto path = table.text(key, "", 1024);
  if (path.empty()) return {};
  for_tls_alone(table, key, by);
  if (path.front() != '/')
    table.problem(table.line_of(key), fmt::format("'{}' in [[send]] is \"{}\" (expected a file's full path)",
                                                  key, escape_terminal(path)));
  return path;
}

Destination read_destination(TableReader& table) {
  Destination destination;
  destination.name = table.required_text("name", "a word for it, e.g. \"siem\"", 32);
  if (!destination.name.empty() && !is_name(destination.name))
    table.problem(table.line_of("name"),
                  fmt::format("'name' in [[send]] is \"{}\" (expected a-z, 0-9, '.', '_', '-', at most 32)",
                              escape_terminal(destination.name)));
  destination.to = table.required_text("to", kForms, 300);
  if (!destination.to.empty() && !read_to(destination.to, destination))
    table.problem(table.line_of("to"), fmt::format("'to' in [[send]] is \"{}\" (expected {})",
                                                   escape_terminal(destination.to), kForms));
  destination.ca = read_pem(table, "ca", destination.by);
  destination.certificate = read_pem(table, "certificate", destination.by);
  destination.key = read_pem(table, "key", destination.by);
  if (destination.certificate.empty() != destination.key.empty())
    table.problem(table.line(), "[[send]] names one of 'certificate' and 'key' (expected both, or neither)");
  destination.receipt = read_receipt(table, destination.by);
  destination.format =
      table.choice("format", destination.format, {{"json", SendFormat::json}, {"ocsf", SendFormat::ocsf}});
  destination.from =
      table.choice("from", destination.from, {{"start", SendFrom::start}, {"now", SendFrom::now}});
  using Facility = std::uint8_t;
  destination.facility = table.choice<Facility>("facility", destination.facility,
                                                {{"user", 1},
                                                 {"daemon", 3},
                                                 {"auth", 4},
                                                 {"authpriv", 10},
                                                 {"audit", 13},
                                                 {"local0", 16},
                                                 {"local1", 17},
                                                 {"local2", 18},
                                                 {"local3", 19},
                                                 {"local4", 20},
                                                 {"local5", 21},
                                                 {"local6", 22},
                                                 {"local7", 23}});
  destination.patience = table.duration("patience", destination.patience, 1s, 10min);
  destination.lag_limit = table.duration("lag_limit", destination.lag_limit, 1min, 24h * 30);
  table.finish();
  return destination;
}

}  // namespace

std::vector<Destination> read_destinations(TableReader& file) {
  std::vector<Destination> all;
  for (auto& table : file.tables("send", kMostDestinations)) {
    auto destination = read_destination(table);
    const auto same = [&](const Destination& other) { return other.name == destination.name; };
    if (std::any_of(all.begin(), all.end(), same))
      table.problem(table.line_of("name"), fmt::format("'name' in [[send]] is \"{}\", as in another [[send]]",
                                                       escape_terminal(destination.name)));
    all.push_back(std::move(destination));
  }
  return all;
}

}  // namespace sallyport
