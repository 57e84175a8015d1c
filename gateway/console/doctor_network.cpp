// doctor: the daemon, and what it says of its deny side. Runs in: sallyport.
#include "gateway/console/doctor.h"
#include "gateway/review/values.h"

namespace sallyport {

Finding check_daemon(const Patient& patient) {
  if (!patient.status)
    return failure(patient.status.error().message(), "systemctl status sallyportd says why");
  const auto& journal = member(*patient.status, "journal");
  const auto writable = text_of(journal, "writable");
  if (writable != "yes" && member(journal, "writable") != true)
    return failure("sallyportd runs, but its journal cannot be written: " + writable,
                   "make room, or mend the disk");
  return fine(
      fmt::format("sallyportd {} answers, its journal can be written", text_of(*patient.status, "version")));
}

Finding check_base_table(const Patient& patient) {
  if (!patient.status) return warning("whether the base table is in force is not known", "start sallyportd");
  const auto& firewall = member(*patient.status, "firewall");
  if (text_of(firewall, "base") == "yes" || member(firewall, "base") == true)
    return fine("table inet sallyport_base is in force");
  return failure("table inet sallyport_base is not in force: " + text_of(firewall, "base"),
                 "systemctl restart sallyportd");
}

}  // namespace sallyport
