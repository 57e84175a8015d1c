// The gate's own password prompt: asked by the worker, recognised by sallyport-respond, which may answer it
// from a file. Unlike any prompt a target is likely to show, so that the gate's password is not typed into a
// target. Runs in: sallyport-ssh, sallyport-respond.
#pragma once

#include <string_view>

namespace sallyport {

inline constexpr std::string_view kPasswordPrompt = "Gate password: ";

}  // namespace sallyport
