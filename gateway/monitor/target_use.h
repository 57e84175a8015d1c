// How much a target's connection has carried, as the kernel counts it. Runs in: sallyportd (privileged).
#pragma once

#include "base/unique_fd.h"

namespace sallyport {

// Whether more went to the target than a key exchange and a login need: then "the target failed" is no reason
// to give the grant back, whatever the worker says (I2). A socket that cannot be asked counts as used; none
// does not.
bool carried_a_session(const UniqueFd& target);

}  // namespace sallyport
