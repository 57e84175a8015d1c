// SeemingGrant: which grant a name is told that it logs in to. A rep with a grant sees its own; every other
// name, known or not, sees one made up for it that cannot be told from a real one (I11). Pure. Runs in:
// sallyportd.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/endpoint.h"
#include "base/secret.h"
#include "gateway/core/grant_record.h"

namespace sallyport {

struct SeemingGrant {
  std::string id, rep, target;
  std::vector<std::string> services;
  bool user_verification = false;  // a WebAuthn key is asked for it
};

// A grant as its rep sees it.
SeemingGrant seeming(const Grant& grant);

// What a peer said of itself: the name, the target behind its "+" or nothing, and where it comes from.
struct NameAsked {
  std::string rep, target;
  Address source;
};
// Each name is bound to one of the live grants that admit the source, always the same one while that lives:
// its target and services are shown, beside an id that is the name's own. So what a name is shown changes
// when a real grant begins and ends, as it does for a rep who has one. A target that the peer named itself is
// shown as named.
SeemingGrant seeming_for(const NameAsked& asked, const Grants& grants, const Secret& key);

}  // namespace sallyport
