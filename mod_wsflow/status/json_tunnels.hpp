#pragma once

#include "mod_wsflow/status/json_writer.hpp"
#include "mod_wsflow/status/model.hpp"

namespace wsflow::status {

// The array of routes, and that of the live tunnels that were asked for.
void routes(Writer& writer, const Model& model);
void connections(Writer& writer, const Model& model);

}  // namespace wsflow::status
