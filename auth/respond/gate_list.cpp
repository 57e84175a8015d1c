// Runs in: sallyport-respond (as the representative).
#include "auth/respond/gate_list.h"

#include "auth/respond/known_gates.h"
#include "auth/respond/output.h"

namespace sallyport {

Done list_gates(const Options& options) {
  ASSIGN_OR_RETURN(const auto file, known_gates_file());
  ASSIGN_OR_RETURN(const auto known, read_known_gates(file));
  for (const auto& gate : known.all())
    RETURN_IF_ERROR(print_line(
        options.json
            ? to_json(
                  {{"name", gate.name}, {"fingerprint", gate.fingerprint}, {"first-seen", gate.first_seen}})
            : fmt::format("{}  {}  since {}", gate.name, gate.fingerprint, gate.first_seen)));
  return {};
}

Done add_gate(const Options& options) {
  ASSIGN_OR_RETURN(const auto file, known_gates_file());
  RETURN_IF_ERROR(add_known_gate(file, options.gate_name, options.gate_fingerprint, SystemClock{}.wall()));
  return print_line(fmt::format("The gate {} is known, in {}.", options.gate_name, file.string()));
}

Done forget_gate(const Options& options) {
  ASSIGN_OR_RETURN(const auto file, known_gates_file());
  RETURN_IF_ERROR(forget_known_gate(file, options.gate_name));
  return print_line(fmt::format("The gate {} is forgotten.", options.gate_name));
}

}  // namespace sallyport
