// LoginName: what a rep logs in as: "kim", or "kim+hmc1" for a rep with several grants. Pure. Runs in:
// sallyportd.
#pragma once

#include <string>

namespace sallyport {

struct LoginName {
  std::string rep, target;
  explicit LoginName(const std::string& user)
      : rep(user.substr(0, user.find('+'))),
        target(rep.size() == user.size() ? "" : user.substr(rep.size() + 1)) {}
};

}  // namespace sallyport
