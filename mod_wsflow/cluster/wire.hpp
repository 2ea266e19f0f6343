#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "mod_wsflow/cluster/round.hpp"

namespace wsflow::cluster {

// The words of a request for the script: as many keys as it has limits, then the arguments.
std::vector<std::string> words_of(const Request& request, const Settings& settings);

// The answer of the script for so many limits. False: it is none, or says that it came too late.
bool parse_answer(std::span<const std::string> elements, std::size_t limits, std::vector<Told>& told);

}  // namespace wsflow::cluster
