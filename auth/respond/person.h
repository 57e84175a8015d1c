// The person who answers: at the terminal, or through a desktop's askpass program.
// Runs in: sallyport-respond (as the representative).
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "auth/respond/terminal.h"
#include "base/result.h"
#include "base/secret.h"

namespace sallyport {

// Whatever is shown has its control characters escaped here, because much of it comes from the far end.
class Person {
 public:
  virtual ~Person() = default;
  // Whether anybody can be asked at all.
  virtual bool is_there() const = 0;
  // One line, without its end.
  virtual Result<Secret> ask(std::string_view prompt, Echo echo) = 0;
  virtual void show(std::string_view text) = 0;
};

// "yes", typed in full, or the desktop's button; anything else is no.
bool agrees(Person& person, std::string_view question);

class RealPerson final : public Person {
 public:
  // `askpass`: a program like ssh-askpass, for want of a terminal. Without one a graphical session's own is
  // taken; never this program itself.
  explicit RealPerson(std::optional<std::filesystem::path> askpass);

  bool is_there() const override;
  // From /dev/tty, else by the askpass program.
  Result<Secret> ask(std::string_view prompt, Echo echo) override;
  // On /dev/tty, else standard error; never standard output, which is the answer.
  void show(std::string_view text) override;

 private:
  std::optional<std::filesystem::path> askpass_;
};

}  // namespace sallyport
