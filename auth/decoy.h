// Decoy: the rep that an unknown name is asked like, so that the form of a question tells no names apart
// (I11). Pure. Runs in: sallyportd.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "auth/ocra_suite.h"
#include "base/random.h"
#include "base/secret.h"

namespace sallyport {

// The index of one of `reps`, 0 when there are none. The same name gets the same rep as long as that one is
// there, whoever else comes or goes; without `key` nobody can tell which. Takes the same time for every name.
std::size_t decoy_for(std::string_view name, const Secret& key, const std::vector<std::string_view>& reps);

// What a gate that does not know the key answers to a question: as long and as evenly spread as a true
// answer.
std::string decoy_answer(const OcraSuite& suite, Random& random);

// As many bytes as something that only a known name has, e.g. the id of a credential: always the same ones
// for the same name and `what`; nobody without `key` can tell them from drawn ones.
std::string decoy_bytes(std::string_view name, std::string_view what, std::size_t size, const Secret& key);

}  // namespace sallyport
