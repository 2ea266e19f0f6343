#pragma once

#include "mod_wsflow/status/json_writer.hpp"
#include "mod_wsflow/status/model.hpp"

namespace wsflow::status {

// How many tunnels the server carries, and what each limit lets be. Nothing if the configuration is not
// known.
void write_capacity(Writer& writer, const Model& model);

}  // namespace wsflow::status
