// Runs in: sallyport-respond (as the representative).
#include "auth/respond/answering.h"
#include "auth/respond/check_challenge.h"
#include "auth/respond/known_gates.h"
#include "base/escape.h"

namespace sallyport {

namespace {

Refusal nobody_to_ask(std::string_view name, std::string_view fingerprint) {
  return {
      fmt::format("the gate '{0}' is new here, and there is nobody to ask whether it is the right one.\n"
                  "Compare its fingerprint with what the site told you; if they are the same, run\n"
                  "  sallyport-respond --add-gate {0} {1}\n"
                  "and try again; or trust whatever gate comes first, with --accept-new-gate.",
                  escape_terminal(name), escape_terminal(fingerprint))};
}

bool is_accepted(const Answering& answering, std::string_view name, std::string_view fingerprint) {
  if (answering.options.accept_new_gate) return true;
  answering.person.show(
      fmt::format("The gate {} is new here. Its host key is\n  {}\nCompare it with what the site told you.",
                  name, fingerprint));
  return agrees(answering.person, "Is this the right gate?");
}

}  // namespace

Result<std::optional<Refusal>> check_gate(const Answering& answering, std::string_view name,
                                          std::string_view fingerprint) {
  ASSIGN_OR_RETURN(const auto file, known_gates_file());
  ASSIGN_OR_RETURN(const auto known, read_known_gates(file));
  switch (standing(known, name, fingerprint)) {
    case Standing::known:
      return std::nullopt;
    case Standing::changed:
      return changed_gate(known, name, fingerprint);
    case Standing::first_use:
      break;
  }
  if (!answering.options.accept_new_gate && !answering.person.is_there())
    return nobody_to_ask(name, fingerprint);
  if (!is_accepted(answering, name, fingerprint))
    return Refusal{fmt::format("you did not say yes to the new gate '{}'", escape_terminal(name))};
  RETURN_IF_ERROR(add_known_gate(file, name, fingerprint, answering.clock.wall()));
  answering.person.show(fmt::format("The gate {} is now known, in {}.", name, file.string()));
  return std::nullopt;
}

}  // namespace sallyport
