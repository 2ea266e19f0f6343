#pragma once

#include "mod_wsflow/cluster/key_round.hpp"

namespace wsflow::cluster {

// The words of a request for the script of keys: the hash of the leases and one of each key, then the
// arguments.
std::vector<std::string> words_of(const KeyRequest& request, const Settings& settings);

// The answer of that script for so many keys. False: it is none, or says that it came too late.
bool parse_answer(std::span<const std::string> elements, std::size_t keys, KeyAnswer& answer);

}  // namespace wsflow::cluster
