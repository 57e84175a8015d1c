// setup: the gate's own settings, from the answers to what could stand in sallyport.toml, or as they are
// there. Runs in: sallyport.
#pragma once

#include <string>

#include "gateway/console/context.h"
#include "gateway/console/setup_dialogue.h"
#include "policies/catalogue.h"

namespace sallyport {

struct GatePlan {
  Catalogue catalogue;  // all of the configuration, with these settings
  std::string text;     // of sallyport.toml; empty: it is there, and stays
  bool is_new() const noexcept { return !text.empty(); }
};

// Nothing is written. Error: an answer that cannot be used, files that have problems, a port that is taken.
Result<GatePlan> plan_gate(ConsoleContext& context, Answers& answers, Respondent respondent);

// What sallyport.toml says with these answers. Pure.
std::string settings_text(const Answers& answers, const std::vector<Address>& addresses);

// "gate.example.com on 192.0.2.1, port 22"
std::string shown(const Settings& settings);

}  // namespace sallyport
