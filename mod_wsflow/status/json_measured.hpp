#pragma once

#include "mod_wsflow/status/json_writer.hpp"
#include "mod_wsflow/status/model.hpp"

namespace wsflow::status {

// Times, rates now, and, if it is wanted, the history.
void measured(Writer& writer, const Model& model);

}  // namespace wsflow::status
