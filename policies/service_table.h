// The [[service]] tables of a policy. Pure; runs in: sallyportd, sallyport.
#pragma once

#include <vector>

#include "policies/table_reader.h"

namespace sallyport {

// All of them, or with problems. A port of one transport belongs to one service only, and the gate's own SSH
// port to none that is forwarded: whoever enters there must not have to be told apart by anything else.
std::vector<Service> read_services(TableReader& file, Port gate_ssh_port);

}  // namespace sallyport
