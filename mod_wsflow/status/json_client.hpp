#pragma once

#include "mod_wsflow/status/json_writer.hpp"
#include "mod_wsflow/status/model.hpp"

namespace wsflow::status {

// The key "one_client": all that is known of the client that was asked for, or null.
void write_client(Writer& writer, const Model& model);

}  // namespace wsflow::status
