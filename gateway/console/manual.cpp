// Runs in: sallyport, at build time.
#include "gateway/console/manual.h"

#include <fmt/format.h>

#include <cctype>
#include <sstream>

namespace sallyport {

namespace {

// A line of text, so that roff takes nothing in it for its own.
std::string plain(std::string_view text) {
  std::string out;
  if (!text.empty() && (text.front() == '.' || text.front() == '\'')) out = "\\&";
  for (const char c : text)
    if (c == '\\')
      out += "\\e";
    else if (c == '-')
      out += "\\-";
    else
      out += c;
  return out;
}

// Each sentence on a line of its own, as mdoc wants it.
std::string lines_of(const std::string& text) {
  std::string out = plain(text);
  for (auto at = out.find(". "); at != std::string::npos; at = out.find(". ", at)) out.replace(at, 2, ".\n");
  return out;
}

// The same of a text that begins a sentence.
std::string sentences(std::string text) {
  if (!text.empty()) text.front() = static_cast<char>(std::toupper(static_cast<unsigned char>(text.front())));
  return lines_of(text);
}

// An argument of a macro: never a macro's name, never two.
std::string quoted(std::string_view text) {
  std::string out = "\"\\&";
  for (const char c : plain(text)) out += c == '"' ? std::string{"\\(dq"} : std::string{c};
  return out + "\"";
}

// --help's lines: what begins with two spaces is to be typed, the rest is text. "Example:" needs no line of
// its own to say so.
void write_footer(const std::string& footer, std::string& page) {
  std::istringstream lines{footer};
  bool literal = false;
  const auto set_literal = [&](bool wanted) {
    if (wanted != literal) page += wanted ? ".Bd -literal -offset indent\n" : ".Ed\n.Pp\n";
    literal = wanted;
  };
  for (std::string line; std::getline(lines, line);) {
    const bool command = line.starts_with("  ");
    if (line.starts_with("Example: ")) {
      set_literal(true);
      page += plain(line.substr(9)) + "\n";
      continue;
    }
    if (line == "Example:") continue;
    set_literal(command);
    page += (command ? plain(line.substr(2)) : lines_of(line)) + "\n";
  }
  if (literal) page += ".Ed\n";
}

void write_argument(const ArgumentOutline& argument, std::string& page) {
  std::string names;
  for (const auto& name : argument.names) names += (names.empty() ? "" : ", ") + name;
  page += fmt::format(".It {} {}", argument.by_place ? "Ar" : "Ic", quoted(names));
  if (!argument.value.empty()) page += " Ar value" + std::string{argument.several ? ",..." : ""};
  page += "\n" + sentences(argument.description) + ".\n";
  if (argument.required && !argument.by_place) page += "Required.\n";
  if (!argument.choices.empty()) {
    page += "One of\n";
    for (std::size_t i = 0; i < argument.choices.size(); ++i)
      page += fmt::format(".Cm {}{}\n", plain(argument.choices[i]),
                          i + 1 == argument.choices.size() ? " ." : " ,");
  }
  if (!argument.usual.empty()) page += "If left out: " + plain(argument.usual) + ".\n";
}

bool is_help(const ArgumentOutline& argument) { return argument.names.front() == "--help"; }

void write_arguments(const CommandOutline& command, std::string& page) {
  std::string list;
  for (const auto& argument : command.arguments)
    if (!is_help(argument)) write_argument(argument, list);
  if (!list.empty()) page += ".Bl -tag -width Ds\n" + list + ".El\n";
}

void write_command(const std::string& path, const CommandOutline& command, std::string& page) {
  const auto name = path + command.name;
  if (!command.commands.empty()) {
    for (const auto& child : command.commands) write_command(name + " ", child, page);
    return;
  }
  page += ".Ss " + plain(name);
  for (const auto& argument : command.arguments)
    if (argument.by_place)
      page += argument.required ? " " + argument.names.front() : " [" + argument.names.front() + "]";
  page += "\n" + sentences(command.description) + ".\n";
  write_arguments(command, page);
  if (command.footer.empty()) return;
  if (!command.footer.starts_with("Example:")) page += ".Pp\n";
  write_footer(command.footer, page);
}

constexpr const char* kFront = R"(.\" Written from the program's own help texts; see sallyport manual.
.Dd $Mdocdate$
.Dt SALLYPORT 1
.Os
.Sh NAME
.Nm sallyport
.Nd enable, watch, end and review one-time inbound service sessions
.Sh SYNOPSIS
.Nm
.Op Ar options
.Ar command
.Op Ar arguments
.Sh DESCRIPTION
.Nm
is the console of the gate that
.Xr sallyportd 8
runs.
Everything is closed but what is enabled here: one session, for one representative, to one target, from named
networks, until its time is over.
.Pp
Members of the group
.Li sallyport\-admin
enable and end sessions and change representatives and targets; members of
.Li sallyport\-auditor
read everything and change nothing; root may do both.
Each act is journaled with the name of who asked for it, before it takes effect.
.Pp
Each command explains itself with
.Fl \-help .
These options may stand before or behind any command:
)";

constexpr const char* kBack = R"(.Sh FILES
.Bl -tag -width Ds
.It Pa /etc/sallyport/sallyport.toml
The gate itself:
.Xr sallyport.toml 5 .
.It Pa /etc/sallyport/policies/ , targets/ , reps/
See
.Xr sallyport\-policy 5 ,
.Xr sallyport\-target 5
and
.Xr sallyport\-rep 5 .
.It Pa /etc/sallyport/secrets/
Host keys, enrolled secrets, stored credentials: root alone.
.It Pa /var/lib/sallyport/journal/
What happened, chained by hash;
.Pa /usr/share/doc/sallyport/JOURNAL.md
describes it.
.It Pa /var/lib/sallyport/recordings/
What was seen on terminals, as asciicast.
.It Pa /run/sallyport/control.sock
Where the monitor listens for this program.
.El
.Sh ENVIRONMENT
.Bl -tag -width Ds
.It Ev NO_COLOR
If it is set and not empty, nothing is coloured.
.El
.Sh EXIT STATUS
.Bl -tag -width Ds
.It 0
Done.
.It 1
Refused, with the reason.
.It 2
Wrong usage.
.It 3
The monitor cannot be reached.
.El
.Sh SEE ALSO
.Xr sallyport\-respond 1 ,
.Xr sallyport.toml 5 ,
.Xr sallyport\-policy 5 ,
.Xr sallyport\-rep 5 ,
.Xr sallyport\-target 5 ,
.Xr sallyportd 8
)";

}  // namespace

std::string manual(const CommandOutline& program) {
  std::string page = kFront;
  write_arguments(program, page);
  page += ".Sh COMMANDS\n";
  for (const auto& command : program.commands) write_command("", command, page);
  return page + kBack;
}

}  // namespace sallyport
