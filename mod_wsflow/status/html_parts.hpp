#pragma once

#include <string>

#include "mod_wsflow/status/model.hpp"

namespace wsflow::status {

// The parts of the page, each a <section> of its own. A part with nothing to show is empty.

// What is wrong, each with a link to its place; or that nothing is.
std::string trouble(const Model& model);
// All that is known of one client, if one was asked for.
std::string one_client(const Model& model);
// The current activity, as numbers and as charts.
std::string overview(const Model& model);
// The counters of each route and origin, with forms that drain and close.
std::string routes_with_forms(const Model& model);
// The tunnels that were asked for, with controls that sort, select and close them.
std::string tunnels_with_forms(const Model& model);
// The ends of tunnels, the refused handshakes, and the relayed traffic.
std::string what_happened(const Model& model);
std::string processes(const Model& model);
// How many tunnels there may be, and what bounds them.
std::string capacity_part(const Model& model);
// Who is online, and how the store of it is.
std::string presence(const Model& model);

}  // namespace wsflow::status
