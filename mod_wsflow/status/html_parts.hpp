#pragma once

#include <string>

#include "mod_wsflow/status/model.hpp"

namespace wsflow::status {

// The parts of the page, each a <section> of its own. A part with nothing to show is empty.

// What is going on now, as numbers and as charts.
std::string overview(const Model& model);
// What became of the tunnels of each route and origin, with what closes them.
std::string routes_with_forms(const Model& model);
// The tunnels that were asked for, with what sorts, chooses and closes them.
std::string tunnels_with_forms(const Model& model);
// How tunnels ended, why others did not begin, what was relayed.
std::string what_happened(const Model& model);
std::string processes(const Model& model);

}  // namespace wsflow::status
