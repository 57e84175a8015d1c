// nft(8) as a program that is started for one act, as a gate would do it that runs nft.
// Runs in: the firewall benchmark, as root.
#pragma once

#include <string>
#include <vector>

#include "firewall/holdings.h"
#include "firewall/passage.h"
#include "tests/netns/network.h"

namespace sallyport {

// The live table with everything but its owner flag, so that nft may change it, in the caller's namespace.
void make_ownerless_table(std::uint32_t mark_bit);
// Elements of these, in few large batches. Not through nft.
void fill_ownerless_table(const std::vector<Passage>& passages, std::chrono::milliseconds lives);

// The same elements in nft's words: one command line each.
std::string nft_adding(const std::vector<Passage>& passages, std::chrono::seconds lives);
std::string nft_deleting(const std::vector<Passage>& passages);

// `nft -f -` with this input, from start to end; the test fails when nft does.
void run_nft(const std::string& commands);

// What the kernel is to hold for these openings when nothing else is open, as the firewall itself finds it.
std::vector<Passage> passages_of(const std::vector<Opening>& openings, BootTime now);

}  // namespace sallyport
