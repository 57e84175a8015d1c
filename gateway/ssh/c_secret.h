// A secret as a C library wants it: with a terminating zero, in memory that is wiped. Runs in: sallyport-ssh.
#pragma once

#include <string>

#include "base/secret.h"

namespace sallyport {

inline Secret c_secret(const Secret& secret) {
  std::string text;
  text.reserve(secret.size() + 1);  // no second buffer that nobody wipes
  text.append(secret.reveal());
  text.push_back('\0');
  return Secret::taking(std::move(text));
}

}  // namespace sallyport
