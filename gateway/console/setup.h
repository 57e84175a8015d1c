// Setup: from installed to ready for a first session: settings, host key, monitor, one target, one policy,
// one representative. What is there already is kept, and said. Nothing is written before every answer was
// found good. Runs in: sallyport, as root.
#pragma once

#include "gateway/audit/json.h"
#include "gateway/console/rep_enrolling.h"
#include "gateway/console/rep_key_commands.h"
#include "gateway/console/setup_gate.h"
#include "gateway/console/target_adding.h"

namespace sallyport {

class Setup {
 public:
  Setup(ConsoleContext& context, Answers answers, Respondent respondent)
      : context_(context), answers_(std::move(answers)), respondent_(respondent) {}

  Done run();
  // {"steps": [{"step": …, "outcome": "kept" | "made" | "to do", "text": …}, …]}, and "enrollment" if there
  // was one.
  nlohmann::json& told() noexcept { return told_; }

 private:
  // What is not there yet, and is to be.
  bool lacks_target() const;
  bool lacks_rep() const;
  Done plan();
  Done plan_target();
  Done plan_rep();
  Done check_that_it_fits() const;

  Done write_settings();
  Done start_monitor();
  Done settle_target();
  Done settle_rep();
  Done enroll_rep();
  void mind_the_password();
  void tell(const char* outcome, const char* step, const std::string& text);

  ConsoleContext& context_;
  Answers answers_;
  Respondent respondent_;
  GatePlan gate_;
  nlohmann::json told_ = {{"steps", nlohmann::json::array()}};
};

}  // namespace sallyport
