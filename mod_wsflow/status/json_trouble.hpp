#pragma once

#include "mod_wsflow/status/json_writer.hpp"
#include "mod_wsflow/status/model.hpp"

namespace wsflow::status {

// The key "trouble" with an array of what is wrong, as the page has it.
void write_trouble(Writer& writer, const Model& model);

}  // namespace wsflow::status
