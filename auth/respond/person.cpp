// Runs in: sallyport-respond (as the representative).
#include "auth/respond/person.h"

#include <unistd.h>

#include <cstdlib>

#include "auth/respond/child.h"
#include "base/file.h"

namespace sallyport {

namespace {

constexpr const char* kDesktopAskpass = "/usr/bin/ssh-askpass";  // Debian's alternative of that name
constexpr std::size_t kLongestLine = 4096;

bool is_set(const char* variable) {
  const char* value = std::getenv(variable);
  return value != nullptr && *value != '\0';
}

bool runs_us(const std::filesystem::path& program) {
  std::error_code error;
  return std::filesystem::equivalent(program, "/proc/self/exe", error) && !error;
}

std::optional<std::filesystem::path> desktop_askpass() {
  if (!is_set("DISPLAY") && !is_set("WAYLAND_DISPLAY")) return std::nullopt;
  if (::access(kDesktopAskpass, X_OK) != 0) return std::nullopt;
  return kDesktopAskpass;
}

}  // namespace

bool agrees(Person& person, std::string_view question) {
  const auto answer = person.ask(fmt::format("{} (yes/no) ", question), Echo::on);
  return answer && answer->equals("yes");
}

RealPerson::RealPerson(std::optional<std::filesystem::path> askpass) : askpass_(std::move(askpass)) {
  if (!askpass_) askpass_ = desktop_askpass();
  if (askpass_ && runs_us(*askpass_)) askpass_.reset();
}

bool RealPerson::is_there() const { return askpass_ || have_terminal(); }

Result<Secret> RealPerson::ask(std::string_view prompt, Echo echo) {
  if (!askpass_ || have_terminal()) return ask_on_terminal(prompt, echo);
  ASSIGN_OR_RETURN(auto answer, output_of({askpass_->string(), presentable(prompt)}, {}, kLongestLine));
  auto text = answer.reveal();
  while (text.ends_with('\n') || text.ends_with('\r')) text.remove_suffix(1);
  return Secret{text};
}

void RealPerson::show(std::string_view text) {
  if (show_on_terminal(text)) return;
  [[maybe_unused]] const auto shown = write_all(STDERR_FILENO, presentable(text) + "\n");
}

}  // namespace sallyport
