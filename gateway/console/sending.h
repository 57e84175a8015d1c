// How far each [[send]] of the settings is behind the journal. Reads the journal and sallyport-send's
// positions as whoever runs it. Runs in: sallyport.
#pragma once

#include <optional>
#include <vector>

#include "gateway/audit/delivery.h"
#include "gateway/audit/json.h"
#include "gateway/console/context.h"
#include "gateway/console/table.h"
#include "policies/destination.h"

namespace sallyport {

struct Sending {
  Destination destination;
  Delivery delivery;
  std::uint64_t head = 0;          // the journal's last record
  std::uint64_t waiting = 0;       // records that are not known to have been taken
  std::optional<WallTime> oldest;  // of them, where the journal was asked
};
// The [[send]] of the settings, as the files are now.
Result<std::vector<Destination>> destinations_of(const ConsoleContext& context);
// What sallyport-send has noted of each: everybody may read it, and it costs nothing.
Result<std::vector<Sending>> noted_sending(const ConsoleContext& context,
                                           const std::vector<Destination>& destinations);
// What of a journal that ends with `head`, which was looked at after the notes, waits.
void hold_against(Sending& sending, const Position& head);
// Both, and since when the oldest waits: that the journal tells, to root and auditors.
Result<std::vector<Sending>> look_at_sending(const ConsoleContext& context,
                                             const std::vector<Destination>& destinations);

bool is_late(const Sending& sending, WallTime now);
bool in_trouble(const Sending& sending, WallTime now);  // late, or with a problem
// "record 512 is there, 3 wait, the oldest for 2m: connecting: Connection refused"
std::string sentence(const Sending& sending, WallTime now);
Color color_of(const Sending& sending, WallTime now);
nlohmann::json to_json(const Sending& sending, WallTime now);
// What to do about one that is in trouble.
std::string remedy(const Sending& sending);

}  // namespace sallyport
