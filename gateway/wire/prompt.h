// The gate's own prompts that never change: asked by the worker, recognised by sallyport-respond, which may
// answer the password from a file. Unlike any prompt a target is likely to show, so that the gate's password
// is not typed into a target. Runs in: sallyport-ssh, sallyport-respond.
#pragma once

#include <string_view>

namespace sallyport {

inline constexpr std::string_view kPasswordPrompt = "Gate password: ";
// Mutual authentication: after the password, before the challenge (auth/ocra_mutual.h).
inline constexpr std::string_view kQuestionPrompt = "Your question for the gate: ";

}  // namespace sallyport
