#pragma once

#include <string>

#include "mod_wsflow/status/model.hpp"

namespace wsflow::status {

// The parts of the page, each a <section> of its own. A part with nothing to show is empty.

// The current activity, as numbers and as charts.
std::string overview(const Model& model);
// The counters of each route and origin, with forms that drain and close.
std::string routes_with_forms(const Model& model);
// The tunnels that were asked for, with controls that sort, select and close them.
std::string tunnels_with_forms(const Model& model);
// The ends of tunnels, the refused handshakes, and the relayed traffic.
std::string what_happened(const Model& model);
std::string processes(const Model& model);

}  // namespace wsflow::status
