// setup: the first run. Runs in: sallyport, as root.
#include <unistd.h>

#include <memory>

#include "gateway/console/commands.h"
#include "gateway/console/doctor.h"
#include "gateway/console/output.h"
#include "gateway/console/problem_report.h"
#include "gateway/console/setup.h"

namespace sallyport {

namespace {

struct SetupOptions {
  std::string file;
  Answers::Texts flags;
};

Result<Answers> checked(const Answers::Texts& flags) {
  Answers answers;
  for (const auto& question : questions())
    if (const auto done = answers.set(question.topic, flags[static_cast<std::size_t>(question.topic)]); !done)
      return tl::unexpected{done.error().within(question.flag)};
  return answers;
}

// Whoever gave a file has said all there is to say, and a script is not asked.
Respondent respondent_of(const ConsoleContext& context, const SetupOptions& options) {
  const bool person = options.file.empty() && !context.json && isatty(STDIN_FILENO) == 1;
  return person ? Respondent::person : Respondent::nobody;
}

Done set_up(ConsoleContext& context, Answers answers, Respondent respondent) {
  if (geteuid() != 0) return fail("setup writes files that are root's: sudo sallyport setup");
  Setup setup{context, std::move(answers), respondent};
  RETURN_IF_ERROR(setup.run());
  if (!context.json) print("\nsallyport doctor:\n");
  setup.told()["doctor"] = diagnose(context);
  if (context.json) print_json(setup.told());
  return {};
}

void run_setup(ConsoleContext& context, const SetupOptions& options) {
  auto answers = options.file.empty() ? Answers{} : Answers::read(options.file);
  if (!answers) return report_problems(context, answers.error(), "nothing was changed");
  run_command(context, [&]() -> Done {
    ASSIGN_OR_RETURN(const auto flags, checked(options.flags));
    answers->override_with(flags);
    return set_up(context, *std::move(answers), respondent_of(context, options));
  });
}

constexpr const char* kFooter =
    "Example:\n"
    "  sudo sallyport setup\n"
    "  sudo sallyport setup --answers answers.toml\n"
    "What is there already is kept, and said: a second run goes on where the first one stopped. Nothing is "
    "written\n"
    "before all answers were found good. It moves nobody's port: if sshd is in the way it says what to do. "
    "At its end\n"
    "it runs doctor; exit code 1 when a check says FAIL.\n"
    "A file of answers is TOML, root's own. Nothing is asked then. All that can stand there:\n"
    "  policy = \"hmc-ssh\"\n"
    "  [gate]\n"
    "  name = \"gate.example.com\"\n"
    "  addresses = [\"192.0.2.1\"]        # or [\"eth0\"]\n"
    "  ssh_port = 22\n"
    "  https_port = 443\n"
    "  [target]\n"
    "  name = \"hmc1\"\n"
    "  addresses = [\"198.51.100.10\"]\n"
    "  port = 22\n"
    "  user = \"hscroot\"\n"
    "  login = \"password\"\n"
    "  secret_file = \"/root/hmc-password\"\n"
    "  expect = [\"SHA256:…\", \"sha256//…\"]\n"
    "  https_port = 443\n"
    "  [rep]\n"
    "  name = \"kim\"\n"
    "  full_name = \"Kim Example\"\n"
    "  contact = \"+1 555 0100\"\n"
    "  account = \"kim\"\n"
    "  key = \"/root/kim.pub\"";

}  // namespace

void add_setup_command(const Command& app, ConsoleContext& context) {
  const auto options = std::make_shared<SetupOptions>();
  const auto command =
      app.subcommand("setup",
                     "The first run: settings, host key, one target, one policy, one rep, then doctor")
          .heading(group::setup);
  command.option("--answers", options->file, "a file with the answers, instead of a dialogue");
  for (const auto& question : questions())
    command.option(question.flag, options->flags[static_cast<std::size_t>(question.topic)], question.about);
  command.footer(kFooter);
  command.runs([&context, options] { run_setup(context, *options); });
}

}  // namespace sallyport
