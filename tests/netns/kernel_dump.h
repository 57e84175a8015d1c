// What the kernel holds open, read twice: from the gate's own dump, and from what another process, nft, says.
// Runs in: tests, as root.
#pragma once

#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/netns/gate_model.h"
#include "tests/netns/network.h"

namespace sallyport {

// Ranges become their addresses. The hosts of the model only: what is outside of them stays as it stands.
inline void add_expanded(ModelElements& all, const std::string& set, const std::string& from,
                         const std::string& to, const std::string& rest, const std::string& leads_to) {
  static const auto hosts = [] {
    std::map<std::string, ModelHost> by_text;
    for (const bool six : {false, true})
      for (int i = 0; i < kHosts; ++i) by_text[ModelHost{six, i}.text()] = {six, i};
    return by_text;
  }();
  const auto first = hosts.find(from), last = hosts.find(to);
  if (from == to || first == hosts.end() || last == hosts.end() || first->second.six != last->second.six) {
    all.emplace(set, (from == to ? from : from + "-" + to) + rest, leads_to);
    return;
  }
  for (int i = first->second.number; i <= last->second.number; ++i)
    all.emplace(set, ModelHost{first->second.six, i}.text() + rest, leads_to);
}

// "element inet sallyport_live entry4 { 10.20.0.0-10.20.0.3 . tcp . 22 expires 29m }"
inline ModelElements elements_of(const std::vector<std::string>& lines) {
  const std::string front = "element inet sallyport_live ";
  ModelElements all;
  for (const auto& line : lines) {
    const auto brace = line.find(" { "), expires = line.find(" expires "), colon = line.find(" : ");
    if (!line.starts_with(front) || brace == std::string::npos || expires == std::string::npos) {
      all.emplace("?", line, "");
      continue;
    }
    const auto key = line.substr(brace + 3, expires - brace - 3);
    const auto address = key.substr(0, key.find(' '));
    const auto dash = address.find('-');
    add_expanded(all, line.substr(front.size(), brace - front.size()), address.substr(0, dash),
                 dash == std::string::npos ? address : address.substr(dash + 1), key.substr(address.size()),
                 colon == std::string::npos ? "" : line.substr(colon + 3, line.size() - colon - 5));
  }
  return all;
}

inline std::string text_of_json(const nlohmann::json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

// nft prints a range that is a network as a prefix.
inline std::pair<std::string, std::string> ends_of(const nlohmann::json& address) {
  if (address.contains("range")) return {address["range"][0], address["range"][1]};
  if (!address.contains("prefix")) return {text_of_json(address), text_of_json(address)};
  const auto network = Network::parse(fmt::format("{}/{}", address["prefix"]["addr"].get<std::string>(),
                                                  address["prefix"]["len"].get<int>()));
  return {network.value().first().text(), network.value().last().text()};
}

inline void add_json_element(ModelElements& all, const std::string& set, const nlohmann::json& element) {
  const bool is_pair = element.is_array();
  const auto& part = (is_pair ? element[0] : element)["elem"]["val"]["concat"];
  const auto [from, to] = ends_of(part[0]);
  std::string rest;
  for (std::size_t i = 1; i < part.size(); ++i) rest += " . " + text_of_json(part[i]);
  add_expanded(all, set, from, to, rest, is_pair ? text_of_json(element[1]) : "");
}

// The sets that open something: not the gate's own addresses, not what is counted.
inline bool opens(const std::string& set) {
  for (const auto* name : {"admitted", "translate", "forwarded", "masked", "dial", "entry"})
    if (set == std::string{name} + "4" || set == std::string{name} + "6") return true;
  return false;
}

// As another process tells it. Not of the whole table at once: nft 1.0.6, with -j "list table", reads
// freed memory where a table has a flag, as the owner's, and now and then breaks off without an error.
inline ModelElements elements_that_nft_tells(const NetNamespace& host) {
  std::istringstream lines{
      host.output_of("nft -j list sets table inet sallyport_live; for i in 4 6; do nft -j list map inet "
                     "sallyport_live translate$i; done")};
  ModelElements all;
  int read = 0;
  for (std::string line; std::getline(lines, line); ++read) {
    const auto dump = nlohmann::json::parse(line, nullptr, false);
    if (dump.is_discarded()) return {{"?", line, ""}};
    for (const auto& object : dump.at("nftables"))
      for (const auto* kind : {"set", "map"})
        if (object.contains(kind) && object[kind].contains("elem") && opens(object[kind]["name"]))
          for (const auto& element : object[kind]["elem"])
            add_json_element(all, object[kind]["name"], element);
  }
  if (read != 3) all.emplace("?", "nft failed", "");
  return all;
}

inline std::string difference_text(const ModelElements& model, const ModelElements& kernel) {
  std::string text;
  const auto tell = [&](const char* who, const ModelElements& these, const ModelElements& those) {
    ModelElements rest;
    std::ranges::set_difference(these, those, std::inserter(rest, rest.end()));
    for (const auto& [set, key, to] : rest)
      text += fmt::format("  only {}: {} {} {}\n", who, set, key, to.empty() ? "" : "to " + to);
  };
  tell("in the model", model, kernel);
  tell("in the kernel", kernel, model);
  return text;
}

}  // namespace sallyport
