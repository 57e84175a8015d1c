// What --help and --version print. Runs in: sallyport-respond (as the representative).
#pragma once

namespace sallyport {

extern const char* const kHelp;
extern const char* const kVersion;

}  // namespace sallyport
