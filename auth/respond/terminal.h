// Asking the person at the terminal, whatever standard input and output are.
// Runs in: sallyport-respond (as the representative).
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"

namespace sallyport {

enum class Echo { off, on };

// One line from /dev/tty, without its end. The terminal is put back as it was, also when a signal interrupts;
// then, and at end of file, the result is an Error. `prompt` is shown with control characters escaped: it may
// come from the far end.
Result<Secret> ask_on_terminal(std::string_view prompt, Echo echo);

// Shows a text on /dev/tty, escaped as a prompt is; false when there is no terminal.
bool show_on_terminal(std::string_view text);
// Whether there is a /dev/tty to ask on.
bool have_terminal();

// `text` with everything escaped but its line ends.
std::string presentable(std::string_view text);

}  // namespace sallyport
