// A login that must fail, to see whether a PAM service works at all: for `sallyport doctor`.
// Runs in: sallyport-auth (root), started by an admin's doctor instead of the monitor.
#pragma once

#include <string>

#include "base/random.h"

namespace sallyport {

// Asks the service for an account that does not exist, with a password drawn at random, and says in lines
// what came of both of its phases:
//   auth STATUS WORDS        STATUS: the name that PAM's headers give it, e.g. PAM_USER_UNKNOWN
//   account STATUS WORDS
//   questions NUMBER         that modules asked; the gate answers one
std::string try_pam_service(const std::string& service, Random& random);

}  // namespace sallyport
