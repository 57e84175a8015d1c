// Runs in: sallyport-respond (as the representative).
#include "auth/respond/answer.h"

#include <unistd.h>

#include <cstdlib>

#include "auth/ocra.h"
#include "auth/question.h"
#include "auth/respond/private_file.h"
#include "auth/respond/terminal.h"
#include "base/clock.h"
#include "base/file.h"
#include "gateway/wire/prompt.h"

namespace sallyport {

namespace {

Done print_line(std::string_view text) {
  const auto line = Secret::taking(std::string{text} + "\n");
  return write_all(STDOUT_FILENO, line.reveal());
}

// All of standard input, up to a limit that a person's text does not reach.
Result<Secret> read_standard_input() {
  std::string text(8192, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const auto got = ::read(STDIN_FILENO, text.data() + size, text.size() - size);
    if (got < 0 && errno != EINTR) return fail_errno("reading standard input");
    if (got == 0) break;
    if (got > 0) size += static_cast<std::size_t>(got);
  }
  if (size == text.size()) return fail("standard input is too long");
  text.resize(size);
  return Secret::taking(std::move(text));
}

Result<Secret> ask(std::string_view prompt, Echo echo) {
  return isatty(STDIN_FILENO) != 0 ? ask_on_terminal(prompt, echo) : read_standard_input();
}

Result<std::filesystem::path> secret_file(const Options& options) {
  if (options.secret_file) return *options.secret_file;
  return default_secret_file();
}

Result<OcraInput> gather(const OcraSuite& suite, const Options& options, const std::filesystem::path& file,
                         std::string question) {
  OcraInput input;
  input.question = std::move(question);
  input.session_information = options.session;
  if (suite.pin_hash()) {
    ASSIGN_OR_RETURN(input.pin, ask_on_terminal("PIN: ", Echo::off));
  }
  if (suite.time_step()) {
    const auto now = SystemClock{}.wall().time_since_epoch();
    input.time_step = time_step_at(suite, std::chrono::duration_cast<std::chrono::seconds>(now));
  }
  // Last, because a counter that was taken is gone.
  RETURN_IF_ERROR(check_question(suite, input.question));
  input.counter = options.counter;
  if (suite.has_counter() && !options.counter) {
    ASSIGN_OR_RETURN(input.counter, take_counter(file));
  }
  return input;
}

Result<std::string> response_to(const Options& options, std::string question) {
  ASSIGN_OR_RETURN(const auto file, secret_file(options));
  ASSIGN_OR_RETURN(const auto enrolment, read_enrolment(file));
  const auto name = options.suite ? *options.suite : enrolment.suite.value_or(std::string{kDefaultOcraSuite});
  ASSIGN_OR_RETURN(const auto suite, OcraSuite::parse(name));
  ASSIGN_OR_RETURN(const auto input, gather(suite, options, file, std::move(question)));
  return ocra(suite, enrolment.key, input);
}

// A challenge as given: bare, grouped, or with the prompt around it.
std::string question_of(std::string_view text) {
  if (auto question = question_in_prompt(text)) return *std::move(question);
  return ungrouped(text);
}

bool is_password_prompt(std::string_view prompt) {
  const auto text = without_host(prompt);
  return text == kPasswordPrompt || text == kPasswordPrompt.substr(0, kPasswordPrompt.size() - 1);
}

Echo echo_for(std::string_view prompt) {
  const char* hint = std::getenv("SSH_ASKPASS_PROMPT");
  const bool confirm = hint != nullptr && std::string_view{hint} == "confirm";
  return confirm || prompt.find("(yes/no") != std::string_view::npos ? Echo::on : Echo::off;
}

// A line of a file for scripts; never from an argument or a variable, which others can see (I9).
Result<Secret> password_from(const char* path) {
  ASSIGN_OR_RETURN(const auto text, read_private_file(path));
  return Secret{text.reveal().substr(0, text.reveal().find_first_of("\r\n"))};
}

}  // namespace

Done respond(const Options& options) {
  auto text = options.text;
  if (!text) {
    ASSIGN_OR_RETURN(const auto typed, ask("Challenge: ", Echo::on));
    text = std::string{typed.reveal()};
  }
  ASSIGN_OR_RETURN(const auto response, response_to(options, question_of(*text)));
  return print_line(grouped(response));
}

Done answer_ssh(const Options& options) {
  const auto& prompt = *options.text;
  if (auto question = question_in_prompt(prompt)) {
    ASSIGN_OR_RETURN(const auto response, response_to(options, *std::move(question)));
    return print_line(response);
  }
  const char* hint = std::getenv("SSH_ASKPASS_PROMPT");
  if (hint != nullptr && std::string_view{hint} == "none") {  // "touch your security key": nothing to answer
    show_on_terminal(prompt);
    return {};
  }
  const char* password_file = std::getenv("SALLYPORT_PASSWORD_FILE");
  const bool by_file = password_file != nullptr && *password_file != '\0' && is_password_prompt(prompt);
  ASSIGN_OR_RETURN(const auto typed,
                   by_file ? password_from(password_file) : ask_on_terminal(prompt, echo_for(prompt)));
  return print_line(typed.reveal());
}

Done save(const Options& options) {
  ASSIGN_OR_RETURN(const auto file, secret_file(options));
  ASSIGN_OR_RETURN(const auto text, ask("Secret, as given at enrolment: ", Echo::off));
  ASSIGN_OR_RETURN(auto enrolment, parse_enrolment(text));
  if (options.suite) {
    RETURN_IF_ERROR(OcraSuite::parse(*options.suite));
    enrolment.suite = options.suite;
  }
  RETURN_IF_ERROR(save_enrolment(file, enrolment));
  return print_line(fmt::format("Stored in {}, readable by you alone.", file.string()));
}

}  // namespace sallyport
