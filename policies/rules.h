// Rule: one question that evaluate() asks about an enable request. Pure; runs in: sallyportd.
#pragma once

#include "base/escape.h"
#include "policies/evaluate.h"

namespace sallyport {

// A rule agrees and fills in its part of the permit, or says why not. It may rely on the ones before it.
struct Case {
  const Catalogue& catalogue;
  const EnableRequest& request;
  const IsEnrolled& is_enrolled_for;

  const Rep& rep() const { return catalogue.reps.at(request.rep); }
  const Target& target() const { return catalogue.targets.at(request.target); }
  const Policy& policy() const { return catalogue.policies.at(request.policy); }
};
using Rule = Done (*)(const Case&, Permit&);

// service_rules.cpp, in the order in which they are asked; `networks_are_named` comes in between.
Done policy_is_for_this_kind(const Case& c, Permit& permit);
Done services_are_chosen(const Case& c, Permit& permit);
Done a_session_can_start(const Case& c, Permit& permit);
Done rep_can_answer(const Case& c, Permit& permit);
Done https_has_its_door(const Case& c, Permit& permit);
Done https_door_is_not_forwarded(const Case& c, Permit& permit);
Done no_way_around_the_recording(const Case& c, Permit& permit);
Done isolated_services_stay_isolated(const Case& c, Permit& permit);
Done managed_system_is_clear(const Case& c, Permit& permit);
Done every_family_is_reached(const Case& c, Permit& permit);

// "kim, lee", or "none yet".
template <class Names>
std::string listing(const Names& names) {
  std::string all;
  for (const auto& name : names) all += (all.empty() ? "" : ", ") + name;
  return all.empty() ? "none yet" : all;
}

}  // namespace sallyport
